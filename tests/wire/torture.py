"""Messages that torture a SIP parser: the cases of RFC 4475 (section numbers
beside them) and RFC 5118, in words of our own, for our domain.

Each row: name, section, what comes of it, text. "\\n" stands for CRLF; {via}
is the sender's own Via value, so that an answer finds back; {n} the bytes of
the body. What comes of it: OK any answer that does not call it malformed, a
code, or None: no answer.
"""

OK = "well-formed"

SDP = ("v=0\nno=-1 1 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\nt=0 0\n"
       "m=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\n"
       "a=rtpmap:31 LPC\n")


def rest(method="MESSAGE", cseq=1, sender="<sip:carol@sip.example>;tag=a7",
         to="<sip:bob@sip.example>", more="", hops=70, via="{via}",
         length="0", body=""):
    return ("Via: %s\nTo: %s\nFrom: %s\nMax-Forwards: %s\n"
            "Call-ID: {token}.torture@192.0.2.1\nCSeq: %s %s\n%s"
            "Content-Length: %s\n\n%s" % (via, to, sender, hops, cseq, method,
                                          more, length, body))


def line(uri="sip:bob@sip.example", method="MESSAGE", version="SIP/2.0"):
    return "%s %s %s\n" % (method, uri, version)


TYPE = "Content-Type: text/plain\n"
LONG = "longvalue" * 30

ROWS = [
    # ---- 3.1.1 valid -----------------------------------------------------
    ("wsinv", "3.1.1.1", OK,
     "INVITE sip:bob@sip.example;unknownparam SIP/2.0\n"
     "TO :\n sip:bob@sip.example ;   tag    = 1918181833n\n"
     "from   : \"C Arol \\\\\\\"\"       <sip:carol@sip.example>\n  ;\n"
     "  tag = 98asjd8\nMaX-fOrWaRdS: 0068\nCall-ID: {token}.ws@192.0.2.1\n"
     "Content-Length   : {n}\ncseq: 0009\n  INVITE\nVia  : {via}\ns :\n"
     "NewFangledHeader:   newfangled value\n continued newfangled value\n"
     "UnknownHeaderWithUnusualValue: ;;,,;;,;\nContent-Type: application/sdp"
     "\nRoute:\n <sip:services.example;lr;unknownwith=value;unknown-no-value>"
     "\nv:  SIP  / 2.0  / TCP     spindle.example.com   ;\n  branch  =   "
     "z9hG4bK9ikj8  ,\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n"
     " z9hG4bK30239\nm:\"Quoted string \\\"\\\"\" <sip:carol@sip.example> ; "
     "newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n\n" + SDP),
    # The stack reads no method with + or ` in it and so takes this for no SIP.
    ("intmeth", "3.1.1.2", None,
     "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!"
     "sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
     "@sip.example SIP/2.0\nVia: {via}\nTo: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f"
     "\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@sip.example>\n"
     "From: token1~` token2'+_ token3*%!.- <sip:mundane@sip.example>"
     ";fromParam''~+*_!.-%=\"\u0440\u0430\u0431\";tag=_token~1'+`*%!-.\n"
     "Call-ID: {token}.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n"
     "CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n"
     "Max-Forwards: 255\nextensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb\n"
     "Content-Length: 0\n\n"),
    ("intmeth without + and NUL", "3.1.1.2", 501,
     "!interesting-Method0123456789_*.%indeed'~ sip:1_unusual.URI~(to-be!"
     "sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
     "@sip.example SIP/2.0\nVia: {via}\nTo: \"DEL \\a\" <sip:1_unusual.URI~"
     "(to-be!sure)&isn't+it$/crazy?,/;;*@sip.example>\n"
     "From: token1~` token2'+_ token3*%!.- <sip:carol@sip.example>"
     ";fromParam''~+*_!.-%=\"\u0440\u0430\u0431\";tag=_token~1'+`*%!-.\n"
     "Call-ID: {token}.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n"
     "CSeq: 139122385 !interesting-Method0123456789_*.%indeed'~\n"
     "Max-Forwards: 255\nextensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb\n"
     "Content-Length: 0\n\n"),
    # A NUL, even a quoted one, ends every C string: refused, and said so.
    ("intmeth without +", "3.1.1.2", 400,
     "!interesting-Method0123456789_*.%indeed'~ sip:1_unusual.URI~(to-be!"
     "sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
     "@sip.example SIP/2.0\nVia: {via}\nTo: \"NUL:\\\x00\" <sip:1_unusual.URI~"
     "(to-be!sure)&isn't+it$/crazy?,/;;*@sip.example>\n"
     "From: token1~` token2'+_ token3*%!.- <sip:carol@sip.example>"
     ";fromParam''~+*_!.-%=\"\u0440\u0430\u0431\";tag=_token~1'+`*%!-.\n"
     "Call-ID: {token}.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n"
     "CSeq: 139122385 !interesting-Method0123456789_*.%indeed'~\n"
     "Max-Forwards: 255\nextensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb\n"
     "Content-Length: 0\n\n"),
    ("esc01", "3.1.1.3", OK,
     line("sip:sips%3Auser%40example.com@sip.example") + rest(
         to="sip:%75se%72@sip.example",
         sender="<sip:I%20have%20spaces@sip.example>;tag=938",
         more="C: text/plain\nContact:\n  <sip:cal%6Cer@host5.example;"
         "%6C%72;n%61me=v%61lue%25%34%31>\n", length="2", body="hi")),
    # A user part with a NUL is nobody's: refused, never shortened.
    ("escnull", "3.1.1.4", 400,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", to="sip:null-%00-null@sip.example",
         sender="sip:null-%00-null@sip.example;tag=839923423",
         more="Contact: <sip:%00@192.0.2.5>\nContact: <sip:%00%00@192.0.2.5>"
         "\n")),
    ("esc02", "3.1.1.5", 501,
     line("sip:sip.example", "RE%47IST%45R") + rest(
         "RE%47IST%45R", to='"%Z%45" <sip:bob@sip.example>',
         sender='"%Z%45" <sip:carol@sip.example>;tag=f232jadfj23',
         more="Contact: <sip:alias1@192.0.2.1>\nC%6Fntact: <sip:alias2@192.0."
         "2.2>\nContact: <sip:alias3@192.0.2.3>\n")),
    ("lwsdisp", "3.1.1.6", OK,
     line(method="OPTIONS") + rest(
         "OPTIONS", sender="caller<sip:carol@sip.example>;tag=323")),
    ("longreq", "3.1.1.7", OK,
     line() + rest(
         to='"I have a user name of ' + "extreme" * 12 + ' proportion"<sip:'
         "bob@sip.example:6000;unknownparam1=very" + "long" * 12 + "value;"
         "longparam" + "name" * 25 + "=shortvalue;very" + "long" * 25 +
         "ParameterNameWithNoValue>",
         sender="sip:" + "amazinglylongcallername" * 5 + "@sip.example;tag="
         "12" + "982424" * 50 + ";unknownheaderparam" + "name" * 20 + "="
         "unknowheaderparam" + "value" * 15 + ";unknownValueless" +
         "paramname" * 10,
         more="Unknown-" + "Long" * 20 + "-Name: unknown-" + "long" * 20 +
         "-value; unknown-" + "long" * 20 + "-parameter-name = unknown-" +
         "long" * 20 + "-parameter-value\n" +
         "".join("Via: SIP/2.0/TCP sip%d.example.com;branch=z9hG4bK%d\n" % (
             i, i) for i in range(33, 0, -1)) + TYPE,
         length="2", body="hi")),
    ("dblreq", "3.1.1.8", OK,
     line(method="OPTIONS") + rest("OPTIONS") + "\n\n" + line() + rest()),
    ("semiuri", "3.1.1.9", OK,
     line("sip:user;par=u%40example.net@sip.example", "OPTIONS") + rest(
         "OPTIONS", to="<sip:carol;x@sip.example>",
         more="Accept: application/sdp, text/plain\n")),
    ("transports", "3.1.1.10", OK,
     line(method="OPTIONS") + rest(
         "OPTIONS", more="".join(
             "Via: SIP/2.0/%s t%d.example.com;branch=z9hG4bK%s\n" % (t, i, t)
             for i, t in enumerate(("UDP", "SCTP", "TLS", "UNKNOWN", "TCP"))
         ))),
    ("mpart01", "3.1.1.11", OK,
     line() + rest(
         more="Content-Type: multipart/mixed;boundary=7a9cbec02ceef655\n",
         length="{n}", body="--7a9cbec02ceef655\nContent-Type: text/plain\n"
         "Content-Transfer-Encoding: binary\n\nHello\n--7a9cbec02ceef655\n"
         "Content-Type: application/octet-stream\nContent-Transfer-Encoding: "
         "binary\n\n\x01\x02\x7f0\x80\n--7a9cbec02ceef655--\n")),
    ("unreason", "3.1.1.12", None,
     "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e "
     "\u0434\u0435\u0432\u044f\u043d\u043e\u0441\u0442\u043e\n" +
     rest("INVITE", cseq=35)),
    ("noreason", "3.1.1.13", None, "SIP/2.0 100 \n" + rest("INVITE")),
    # ---- 3.1.2 invalid ---------------------------------------------------
    ("badinv01", "3.1.2.1", 400,
     line(method="INVITE") + rest(
         "INVITE", to="<sip:bob@sip.example>;;,;,,",
         sender=" ;;,,;carol <sip:carol@sip.example>;;,;tag=1",
         more="Contact: \"Joe\" <sip:joe@192.0.2.1>;;;;\n")),
    ("clerr", "3.1.2.2", {"udp": 400, "stream": None},
     line() + rest(more=TYPE, length="9999", body="too short")),
    ("ncl", "3.1.2.3", 400, line() + rest(more=TYPE, length="-999",
                                          body="negative")),
    ("scalar02", "3.1.2.4", 400,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", cseq="36893488147419103232", hops=300,
         more="Expires: 10000000000000000000000000000000\nContact: <sip:carol"
         "@192.0.2.1>;expires=280297596632815\n")),
    ("scalarlg", "3.1.2.5", None,
     "SIP/2.0 503 Service Unavailable\n" + rest(
         "INVITE", cseq="9292394834772304023312",
         more="Retry-After: 949302838503028349304023988\nWarning: 1812 "
         "overture \"In Progress\"\n")),
    ("quotbal", "3.1.2.6", 400,
     line(method="INVITE") + rest(
         "INVITE", to='"Mr. J. User <sip:bob@sip.example>')),
    ("ltgtruri", "3.1.2.7", 400,
     line("<sip:bob@sip.example>", "INVITE") + rest("INVITE")),
    ("lwsruri", "3.1.2.8", 400,
     line("sip:bob@sip.example; lr", "INVITE") + rest("INVITE")),
    ("lwsstart", "3.1.2.9", 400,
     line(" sip:bob@sip.example ", "INVITE") + rest("INVITE")),
    ("trws", "3.1.2.10", 400,
     line(version="SIP/2.0  ", method="OPTIONS") + rest("OPTIONS")),
    ("escruri", "3.1.2.11", 400,
     line("sip:bob@sip.example?Route=%3Csip:other.example%3E", "INVITE") +
     rest("INVITE")),
    ("baddate", "3.1.2.12", 400,
     line() + rest(more="Date: Fri, 01 Jan 2010 16:00:00 EST\n" + TYPE,
                   length="2", body="hi")),
    ("regbadct", "3.1.2.13", 400,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", to="sip:carol@sip.example",
         more="Contact: sip:carol@192.0.2.1?Route=%3Csip:x.example%3E\n")),
    ("badaspec", "3.1.2.14", 400,
     line(method="OPTIONS") + rest(
         "OPTIONS", to='"Watson, Thomas" < sip:bob@sip.example >')),
    ("baddn", "3.1.2.15", 400,
     line(method="OPTIONS") + rest(
         "OPTIONS", sender="Bell, Alexander <sip:carol@sip.example>;tag=43")),
    ("badvers", "3.1.2.16", 505, line(version="SIP/7.0") + rest()),
    ("mismatch01", "3.1.2.17", 400, line(method="OPTIONS") + rest("INVITE")),
    ("mismatch02", "3.1.2.18", 400,
     line(method="NEWMETHOD") + rest("INVITE")),
    ("bigcode", "3.1.2.19", None,
     "SIP/2.0 4294967301 better not break the receiver\n" + rest("INVITE")),
    # ---- 3.2 to 3.4 ------------------------------------------------------
    ("badbranch", "3.2.1", OK,
     line(method="OPTIONS") + rest("OPTIONS", via="{plainvia}z9hG4bK")),
    ("insuf", "3.3.1", 400,
     line(method="INVITE") + "Via: {via}\nCSeq: 193942 INVITE\n"
     "Max-Forwards: 95\nContent-Type: application/sdp\nContent-Length: {n}\n\n"
     + SDP),
    ("unkscm", "3.3.2", 416,
     line("nobodyKnowsThisScheme:totallyopaquecontent") + rest()),
    ("novelsc", "3.3.3", 416,
     line("soap.beep://192.0.2.103:3002") + rest()),
    ("unksm2", "3.3.4", OK,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", to="isbn:2983792873",
         sender="<http://www.example.com>;tag=3234233",
         more="Contact: <name:John_Smith>\n")),
    ("bext01", "3.3.5", 420,
     line(method="OPTIONS") + rest(
         "OPTIONS", more="Proxy-Require: noProxiesSupportThis, norDoAny"
         "ProxiesSupportThis\nRequire: nothingSupportsThis, "
         "nothingSupportsThisEither\n")),
    ("invut", "3.3.6", 415,
     line() + rest(more="Content-Type: application/unknownformat\n",
                   length="{n}", body="<audio><pcmu port=\"443\"/></audio>\n"
                   )),
    ("regaut01", "3.3.7", OK,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", to="sip:carol@sip.example",
         more="Authorization: NoOneKnowsThisScheme opaque-data=here\n")),
    ("multi01", "3.3.8", 400,
     line() + "Via: {via}\nMax-Forwards: 70\nMax-Forwards: 5\nFrom: "
     "<sip:carol@sip.example>;tag=1\nFrom: <sip:bob@sip.example>;tag=2\n"
     "To: sip:bob@sip.example\nTo: sip:dora@sip.example\nCall-ID: {token}\n"
     "Call-ID: second.{token}\nCSeq: 5 MESSAGE\nCSeq: 59 INVITE\n"
     "Content-Type: text/plain\nContent-Length: 2\n\nhi"),
    ("mcl01", "3.3.9", 400,
     line(method="OPTIONS") + rest(
         "OPTIONS", more="Content-Length: 13\nContent-Length: 5\n",
         length="5", body="There's no way to know how many octets\n")),
    ("bcast", "3.3.10", None,
     "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\n"
     "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\n" +
     rest("INVITE")),
    ("zeromf", "3.3.11", 483, line() + rest(hops=0, more=TYPE, length="2",
                                            body="hi")),
    ("cparam01", "3.3.12", OK,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", to="sip:carol@sip.example",
         more="Contact: sip:+19725552222@192.0.2.1;unknownparam\n")),
    ("cparam02", "3.3.13", OK,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", to="sip:carol@sip.example",
         more="Contact: <sip:+19725552222@192.0.2.1;unknownparam>\n")),
    ("regescrt", "3.3.14", OK,
     line("sip:sip.example", "REGISTER") + rest(
         "REGISTER", to="sip:carol@sip.example",
         more="Contact: <sip:carol@192.0.2.1?Route=%3Csip:x.example%3E>\n")),
    ("sdp01", "3.3.15", OK,
     line(method="INVITE") + rest(
         "INVITE", more="Contact: <sip:carol@192.0.2.1>\nAccept: text/nobody"
         "KnowsThis\nContent-Type: application/sdp\n", length="{n}",
         body=SDP)),
    ("inv2543", "3.4.1", OK,
     "INVITE sip:bob@sip.example SIP/2.0\nVia: {plainvia}x\nFrom: sip:carol@"
     "sip.example\nTo: sip:bob@sip.example\nCall-ID: {token}\n"
     "CSeq: 1 INVITE\nContact: sip:carol@192.0.2.1\nContent-Type: "
     "application/sdp\nContent-Length: {n}\n\n" + SDP),
]

# RFC 5118: IPv6 in every place, right and wrong.
ROWS_6 = [
    ("ipv6-good", "4.1", OK,
     line("sip:[2001:db8::10]", "REGISTER") + rest(
         "REGISTER", to="sip:carol@sip.example",
         sender="sip:carol@sip.example;tag=81x2",
         more="Contact: \"Caller\" <sip:carol@[2001:db8::1]>\n")),
    ("ipv6-bad", "4.2", 400,
     line("sip:2001:db8::10", "REGISTER") + rest(
         "REGISTER", to="sip:carol@sip.example")),
    ("port-ambiguous", "4.3", OK,
     line("sip:[2001:db8::10:5070]", "OPTIONS") + rest("OPTIONS")),
    ("port-unambiguous", "4.4", OK,
     line("sip:[2001:db8::10]:5070", "OPTIONS") + rest("OPTIONS")),
    ("via-received-param-with-delim", "4.5", OK,
     line(method="OPTIONS") + rest(
         "OPTIONS", more="Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8"
         ":0:0:a8bb:ccff:fe04:1];branch=z9hG4bKas3-111\n")),
    ("via-received-param-no-delim", "4.5", OK,
     line(method="OPTIONS") + rest(
         "OPTIONS", more="Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8:"
         ":9:255;branch=z9hG4bKas3\n")),
    ("ipv6-in-sdp", "4.6", OK,
     line("sip:bob@[2001:db8::10]", "INVITE") + rest(
         "INVITE", more="Contact: <sip:carol@[2001:db8::20]>\nContent-Type: "
         "application/sdp\n", length="{n}",
         body="v=0\no=a 1 1 IN IP6 2001:db8::20\ns=-\nc=IN IP6 2001:db8::20\n"
         "t=0 0\nm=audio 42000 RTP/AVP 0\n")),
    ("mult-ip-in-header", "4.7", OK,
     line("sip:bob@[2001:db8::10]", "OPTIONS") + rest(
         "OPTIONS", more="Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch="
         "z9hG4bKas3-111\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781h"
         "jx\nContact: <sip:a@192.0.2.1>\n")),
    ("mult-ip-in-sdp", "4.8", OK,
     line("sip:bob@[2001:db8::10]", "INVITE") + rest(
         "INVITE", more="Contact: <sip:carol@[2001:db8::9:1]>\nContent-Type: "
         "application/sdp\n", length="{n}",
         body="v=0\no=a 1 1 IN IP6 2001:db8::20\ns=-\nt=0 0\nm=audio 22334 "
         "RTP/AVP 0\nc=IN IP4 192.0.2.1\nm=video 6024 RTP/AVP 107\nc=IN IP6 "
         "2001:db8::1\n")),
    ("ipv4-mapped-ipv6", "4.9", OK,
     line(method="INVITE") + rest(
         "INVITE", more="Contact: <sip:carol@[::ffff:192.0.2.10]:19823>\n"
         "Via: SIP/2.0/UDP [::ffff:192.0.2.2]:5060;branch=z9hG4bKb3t\n")),
    ("ipv6-bug-abnf-3-colons", "4.10", 400,
     line("sip:bob@[2001:db8:::192.0.2.1]", "OPTIONS") + rest("OPTIONS")),
    ("ipv6-zone", "5", 400,
     line("sip:bob@[fe80::1%25eth0]", "OPTIONS") + rest("OPTIONS")),
    ("ipv6-open", "5", 400,
     line("sip:bob@[2001:db8::1", "OPTIONS") + rest("OPTIONS")),
]
