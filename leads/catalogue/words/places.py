"""Countries and their cities, with the postal codes and telephone ranges that belong to them.

Telephone numbers come only from ranges that regulators keep for fiction (+1 NXX 555-01xx, Ofcom's
and ACMA's drama numbers, BNetzA's, ARCEP's and PTS's); a country without such a range has none.
The ranges are small, and a number is given to one person only: see `generate`.
"""

from typing import NamedTuple


class City(NamedTuple):
    """A city: its weight among the country's people, postal codes and telephone prefixes."""

    name: str
    state: str
    weight: int
    #: `#` a digit, `@` a letter, anything else itself.
    postal: str
    #: E.164 prefixes, each with as many `#` as digits follow.
    phones: tuple[str, ...] = ()


class Country(NamedTuple):
    """A country: its weight among all people, its language region and its cities."""

    code: str
    weight: int
    region: str
    cities: tuple[City, ...]


def _north_america(rows: str) -> tuple[City, ...]:
    cities = []
    for row in rows.strip().splitlines():
        name, state, weight, postal, codes = (part.strip() for part in row.split("|"))
        phones = tuple(f"+1{code}55501##" for code in codes.split())
        cities.append(City(name, state, int(weight), postal, phones))
    return tuple(cities)


def _elsewhere(rows: str, phones: dict[str, str] | None = None) -> tuple[City, ...]:
    cities = []
    for row in rows.strip().splitlines():
        name, state, weight, postal = (part.strip() for part in row.split("|"))
        own = (phones or {}).get(name, (phones or {}).get("", ""))
        cities.append(City(name, state, int(weight), postal, tuple(own.split())))
    return tuple(cities)


_US = _north_america("""
New York|NY|95|100##|212 646 917
Brooklyn|NY|30|112##|718 347 929
Buffalo|NY|8|142##|716
Rochester|NY|7|146##|585
Los Angeles|CA|70|900##|213 323 310 424 818 747
San Francisco|CA|55|941##|415 628
San Jose|CA|38|951##|408 669
San Diego|CA|32|921##|619 858
Oakland|CA|15|946##|510
Sacramento|CA|14|958##|916
Irvine|CA|14|926##|949 714 657
Palo Alto|CA|14|943##|650
Chicago|IL|60|606##|312 773 872
Naperville|IL|6|605##|630 331
Houston|TX|45|770##|713 281 832 346
Dallas|TX|42|752##|214 972 469
Austin|TX|40|787##|512 737
San Antonio|TX|18|782##|210 830
Fort Worth|TX|14|761##|817 682
Plano|TX|10|750##|945
Boston|MA|45|021##|617 857
Cambridge|MA|14|021##|617
Worcester|MA|5|016##|508 774
Seattle|WA|42|981##|206
Bellevue|WA|12|980##|425
Spokane|WA|5|992##|509
Atlanta|GA|40|303##|404 470 678 770
Savannah|GA|5|314##|912
Washington|DC|34|200##|202
Philadelphia|PA|30|191##|215 267 484 610
Pittsburgh|PA|18|152##|412 724 878
Denver|CO|30|802##|303 720
Boulder|CO|10|803##|303
Colorado Springs|CO|8|809##|719
Miami|FL|28|331##|305 786 954
Tampa|FL|18|336##|813
Orlando|FL|16|328##|407 321
Jacksonville|FL|12|322##|904
Phoenix|AZ|26|850##|602 480 623
Tucson|AZ|8|857##|520
Minneapolis|MN|24|554##|612 763 952
Saint Paul|MN|9|551##|651
Charlotte|NC|22|282##|704 980
Raleigh|NC|20|276##|919 984
Durham|NC|12|277##|919
Detroit|MI|18|482##|313 248 586
Ann Arbor|MI|8|481##|734
Grand Rapids|MI|7|495##|616
Columbus|OH|20|432##|614 380
Cleveland|OH|14|441##|216 440
Cincinnati|OH|13|452##|513
Nashville|TN|20|372##|615 629
Memphis|TN|8|381##|901
Portland|OR|20|972##|503 971
Salt Lake City|UT|18|841##|801 385
Las Vegas|NV|14|891##|702 725
Reno|NV|4|895##|775
Kansas City|MO|14|641##|816
St. Louis|MO|15|631##|314 636
Indianapolis|IN|15|462##|317
Milwaukee|WI|11|532##|414 262
Madison|WI|9|537##|608
Baltimore|MD|14|212##|410 443 667
Bethesda|MD|8|208##|301
Richmond|VA|10|232##|804
Arlington|VA|14|222##|703 571
Virginia Beach|VA|6|234##|757
Newark|NJ|10|071##|973 862
Jersey City|NJ|13|073##|201 551 732
Princeton|NJ|6|085##|609
Hartford|CT|8|061##|860
Stamford|CT|8|069##|203
Providence|RI|5|029##|401
New Orleans|LA|7|701##|504
Louisville|KY|8|402##|502
Oklahoma City|OK|7|731##|405
Tulsa|OK|5|741##|918
Birmingham|AL|6|352##|205
Charleston|SC|6|294##|843
Greenville|SC|5|296##|864
Omaha|NE|7|681##|402
Des Moines|IA|6|503##|515
Albuquerque|NM|4|871##|505
Boise|ID|6|837##|208
Honolulu|HI|4|968##|808
Little Rock|AR|4|722##|501
Wichita|KS|4|672##|316
Burlington|VT|2|054##|802
Portland|ME|3|041##|207
Manchester|NH|3|031##|603
Wilmington|DE|5|198##|302
Anchorage|AK|2|995##|907
Sioux Falls|SD|2|571##|605
Fargo|ND|2|581##|701
Billings|MT|2|591##|406
Cheyenne|WY|1|820##|307
Jackson|MS|3|392##|601
Charleston|WV|2|253##|304
""")

_CA = _north_america("""
Toronto|ON|60|M5@ #@#|416 647
Ottawa|ON|16|K1@ #@#|613
Waterloo|ON|10|N2@ #@#|519
Mississauga|ON|12|L5@ #@#|905
Montreal|QC|38|H3@ #@#|514 438
Quebec|QC|9|G1@ #@#|418
Vancouver|BC|34|V6@ #@#|604 778
Victoria|BC|6|V8@ #@#|250
Calgary|AB|20|T2@ #@#|403
Edmonton|AB|12|T5@ #@#|780
Winnipeg|MB|7|R3@ #@#|204
Halifax|NS|6|B3@ #@#|902
""")

_GB = _elsewhere(
    """
London|England|90|EC#@ #@@
London|England|50|W1@ #@@
Manchester|England|20|M# #@@
Birmingham|England|17|B# #@@
Leeds|England|13|LS# #@@
Bristol|England|14|BS# #@@
Cambridge|England|11|CB# #@@
Oxford|England|9|OX# #@@
Reading|England|9|RG# #@@
Liverpool|England|8|L# #@@
Sheffield|England|7|S# #@@
Nottingham|England|7|NG# #@@
Newcastle upon Tyne|England|6|NE# #@@
Edinburgh|Scotland|13|EH# #@@
Glasgow|Scotland|10|G# #@@
Cardiff|Wales|7|CF## #@@
Belfast|Northern Ireland|6|BT# #@@
""",
    {
        "London": "+442079460###",
        "Manchester": "+441614960###",
        "Birmingham": "+441214960###",
        "Leeds": "+441134960###",
        "Bristol": "+441174960###",
        "Liverpool": "+441514960###",
        "Sheffield": "+441144960###",
        "Reading": "+441184960###",
        "Newcastle upon Tyne": "+441914980###",
        "Edinburgh": "+441314960###",
        "Glasgow": "+441414960###",
        "Cardiff": "+442920180###",
        "Belfast": "+442890180###",
    },
)

_DE = _elsewhere(
    """
Berlin|Berlin|40|10###
München|Bayern|36|80###
Nürnberg|Bayern|8|904##
Hamburg|Hamburg|26|20###
Frankfurt am Main|Hessen|24|603##
Köln|Nordrhein-Westfalen|18|50###
Düsseldorf|Nordrhein-Westfalen|16|402##
Dortmund|Nordrhein-Westfalen|7|441##
Stuttgart|Baden-Württemberg|17|701##
Karlsruhe|Baden-Württemberg|7|761##
Leipzig|Sachsen|8|041##
Dresden|Sachsen|7|010##
Hannover|Niedersachsen|7|301##
Bremen|Bremen|5|281##
""",
    {
        "Berlin": "+493023125###",
        "München": "+498999998###",
        "Hamburg": "+494066969###",
        "Frankfurt am Main": "+496990009###",
        "Köln": "+492214710###",
    },
)

_FR = _elsewhere(
    """
Paris|Île-de-France|70|750##
Boulogne-Billancourt|Île-de-France|12|921##
Lyon|Auvergne-Rhône-Alpes|22|690##
Grenoble|Auvergne-Rhône-Alpes|8|380##
Marseille|Provence-Alpes-Côte d'Azur|12|130##
Nice|Provence-Alpes-Côte d'Azur|9|060##
Toulouse|Occitanie|13|310##
Montpellier|Occitanie|7|340##
Lille|Hauts-de-France|11|590##
Bordeaux|Nouvelle-Aquitaine|11|330##
Nantes|Pays de la Loire|10|440##
Rennes|Bretagne|7|350##
Strasbourg|Grand Est|7|670##
""",
    {
        "Paris": "+3319900####",
        "Boulogne-Billancourt": "+3319900####",
        "Nantes": "+3326191####",
        "Rennes": "+3326191####",
        "Lille": "+3335301####",
        "Strasbourg": "+3335301####",
        "Lyon": "+3346571####",
        "Grenoble": "+3346571####",
        "Marseille": "+3346571####",
        "Nice": "+3346571####",
        "Montpellier": "+3346571####",
        "Toulouse": "+3353649####",
        "Bordeaux": "+3353649####",
    },
)

_AU = _elsewhere(
    """
Sydney|NSW|45|20##
Melbourne|VIC|40|30##
Brisbane|QLD|20|40##
Perth|WA|15|60##
Adelaide|SA|9|50##
Canberra|ACT|6|26##
""",
    {
        "Sydney": "+6125550####",
        "Canberra": "+6125550####",
        "Melbourne": "+6135550####",
        "Brisbane": "+6175550####",
        "Perth": "+6185550####",
        "Adelaide": "+6185550####",
    },
)

_SE = _elsewhere(
    """
Stockholm|Stockholms län|45|11# ##
Göteborg|Västra Götalands län|20|41# ##
Malmö|Skåne län|12|21# ##
Uppsala|Uppsala län|7|75# ##
""",
    {"Stockholm": "+46846500 4##".replace(" ", ""), "Göteborg": "+46313900 6##".replace(" ", "")},
)

COUNTRIES: tuple[Country, ...] = (
    Country("US", 560, "en", _US),
    Country("GB", 95, "en", _GB),
    Country("CA", 65, "en", _CA),
    Country("DE", 62, "de", _DE),
    Country("FR", 45, "fr", _FR),
    Country("AU", 32, "en", _AU),
    Country(
        "IN",
        38,
        "in",
        _elsewhere("""
Bengaluru|Karnataka|30|5600##
Mumbai|Maharashtra|26|4000##
Pune|Maharashtra|14|4110##
New Delhi|Delhi|20|1100##
Hyderabad|Telangana|18|5000##
Chennai|Tamil Nadu|15|6000##
Kolkata|West Bengal|9|7000##
"""),
    ),
    Country(
        "NL",
        24,
        "nl",
        _elsewhere("""
Amsterdam|Noord-Holland|40|10## @@
Rotterdam|Zuid-Holland|18|30## @@
Den Haag|Zuid-Holland|12|25## @@
Utrecht|Utrecht|15|35## @@
Eindhoven|Noord-Brabant|12|56## @@
"""),
    ),
    Country(
        "ES",
        22,
        "es",
        _elsewhere("""
Madrid|Madrid|40|280##
Barcelona|Cataluña|34|080##
Valencia|Comunidad Valenciana|12|460##
Sevilla|Andalucía|9|410##
Málaga|Andalucía|8|290##
Bilbao|País Vasco|7|480##
"""),
    ),
    Country(
        "IT",
        20,
        "it",
        _elsewhere("""
Milano|Lombardia|40|201##
Roma|Lazio|28|001##
Torino|Piemonte|13|101##
Bologna|Emilia-Romagna|10|401##
Napoli|Campania|8|801##
Firenze|Toscana|7|501##
"""),
    ),
    Country("SE", 14, "se", _SE),
    Country(
        "BR",
        13,
        "br",
        _elsewhere("""
São Paulo|São Paulo|50|01###-###
Campinas|São Paulo|9|13###-###
Rio de Janeiro|Rio de Janeiro|22|20###-###
Belo Horizonte|Minas Gerais|12|30###-###
Curitiba|Paraná|10|80###-###
"""),
    ),
    Country(
        "PL",
        10,
        "pl",
        _elsewhere("""
Warszawa|Mazowieckie|40|00-###
Kraków|Małopolskie|20|30-###
Wrocław|Dolnośląskie|15|50-###
Gdańsk|Pomorskie|11|80-###
Poznań|Wielkopolskie|10|60-###
"""),
    ),
)
