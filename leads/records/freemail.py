"""Which e-mail domains are for private people."""

from __future__ import annotations

from .wordlists import words

#: Providers with a domain in many countries: yahoo.com, yahoo.co.uk, yahoo.com.br, yahoo.fr …
_BRANDS = frozenset({"yahoo", "hotmail", "outlook", "live", "gmx", "aol", "yandex", "rocketmail"})
_SECOND_LEVELS = frozenset({"co", "com", "net"})
_GENERIC = frozenset({"com", "net", "eu", "at", "de", "ch"})
_DOMAINS = words(
    """
    gmail.com googlemail.com ymail.com msn.com passport.com windowslive.com icloud.com me.com
    mac.com proton.me protonmail.com protonmail.ch pm.me tutanota.com tuta.io tutamail.com
    fastmail.com fastmail.fm hushmail.com zohomail.com mail.com email.com usa.com inbox.com
    myself.com consultant.com post.com europe.com asia.com iname.com writeme.com lycos.com
    excite.com juno.com netzero.net netzero.com aim.com comcast.net verizon.net att.net
    sbcglobal.net bellsouth.net ameritech.net pacbell.net swbell.net cox.net charter.net
    roadrunner.com rr.com twc.com earthlink.net mindspring.com optonline.net optimum.net
    frontier.com frontiernet.net windstream.net centurylink.net centurytel.net embarqmail.com
    q.com prodigy.net suddenlink.net mchsi.com cableone.net wowway.com netscape.net netscape.com
    compuserve.com rogers.com shaw.ca sympatico.ca bell.net telus.net videotron.ca cogeco.ca
    eastlink.ca btinternet.com btopenworld.com talktalk.net tiscali.co.uk ntlworld.com
    virginmedia.com blueyonder.co.uk sky.com plus.net plusnet.com o2.co.uk freeserve.co.uk
    tesco.net web.de freenet.de t-online.de arcor.de online.de mail.de posteo.de mailbox.org
    vodafone.de kabelmail.de bluewin.ch sunrise.ch hispeed.ch aon.at chello.at orange.fr
    wanadoo.fr free.fr laposte.net sfr.fr neuf.fr numericable.fr bbox.fr club-internet.fr
    libero.it virgilio.it alice.it tin.it tiscali.it fastwebnet.it email.it inwind.it iol.it
    telefonica.net terra.es ono.com telenet.be skynet.be pandora.be scarlet.be ziggo.nl
    kpnmail.nl planet.nl home.nl hetnet.nl xs4all.nl upcmail.nl telia.com comhem.se bredband.net
    online.no tdcadsl.dk mail.dk stofanet.dk kolumbus.fi elisanet.fi luukku.com wp.pl o2.pl
    onet.pl onet.eu interia.pl op.pl tlen.pl gazeta.pl poczta.onet.pl seznam.cz centrum.cz
    email.cz azet.sk zoznam.sk freemail.hu citromail.hu abv.bg mail.bg mail.ru bk.ru list.ru
    inbox.ru internet.ru rambler.ru ya.ru ukr.net i.ua meta.ua inbox.lv delfi.lt mail.ee sapo.pt
    iol.pt clix.pt uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com
    oi.com.br zipmail.com.br prodigy.net.mx rediffmail.com indiatimes.com sify.com qq.com
    foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com
    tom.com 21cn.com hinet.net naver.com daum.net hanmail.net nate.com docomo.ne.jp ezweb.ne.jp
    softbank.ne.jp i.softbank.jp nifty.com biglobe.ne.jp bigpond.com bigpond.net.au
    optusnet.com.au iinet.net.au tpg.com.au internode.on.net westnet.com.au xtra.co.nz
    slingshot.co.nz mweb.co.za telkomsa.net vodamail.co.za webmail.co.za walla.com walla.co.il
    012.net.il bezeqint.net mynet.com superonline.com hey.com duck.com skiff.com mailfence.com
    runbox.com startmail.com disroot.org riseup.net caramail.com
    """
)


def is_freemail(domain: str) -> bool:
    """Whether addresses at `domain` (lower case) are usually private ones."""
    if domain in _DOMAINS:
        return True
    brand, *ending = domain.split(".")
    if brand not in _BRANDS:
        return False
    if len(ending) == 1:
        return ending[0] in _GENERIC or len(ending[0]) == 2
    return len(ending) == 2 and ending[0] in _SECOND_LEVELS and len(ending[1]) == 2
