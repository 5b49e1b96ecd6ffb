"""Industry names, as directories and CRMs write them, to our codes."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from leads.filters.text import fold
from leads.filters.vocabulary import INDUSTRIES

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_SYNONYMS = {
    "accounting": "accountancy|accounting services|bookkeeping|cpa|tax services",
    "advertising": (
        "marketing and advertising|advertising services|marketing|marketing services|"
        "public relations and communications|public relations|advertising agency|"
        "digital marketing|market research|pr"
    ),
    "aerospace": (
        "aviation and aerospace|aviation aerospace|"
        "aviation and aerospace component manufacturing|aerospace and defense"
    ),
    "agriculture": "farming|ranching|dairy|fishery|agribusiness|agricultural|forestry",
    "apparel": (
        "apparel and fashion|fashion|clothing|luxury goods and jewelry|footwear|shoes|"
        "apparel manufacturing|luxury goods"
    ),
    "architecture": "architecture and planning|architects|urban planning|landscape architecture",
    "arts": (
        "fine art|arts and crafts|performing arts|museums and institutions|museums|photography|"
        "graphic design|design|design services|music production"
    ),
    "automotive": "auto|cars|motor vehicles|motor vehicle manufacturing|automobile|auto parts",
    "aviation": "airlines|airlines aviation|airports|airline|airlines and aviation",
    "banking": "banks|bank|credit unions|commercial banking|banking and finance",
    "biotechnology": "biotech|biotechnology research|life sciences|genomics",
    "chemicals": "chemical|chemical manufacturing|petrochemicals",
    "construction": (
        "building materials|civil engineering|glass ceramics and concrete|contractors|"
        "building construction|home improvement|general contractor|heavy construction|"
        "engineering and construction"
    ),
    "consulting": (
        "business consulting and services|consultancy|business services|professional services|"
        "think tanks|outsourcing offshoring|program development|"
        "professional training and coaching|strategy consulting|business consulting"
    ),
    "consumer_electronics": "appliances|home electronics|computers and electronics",
    "consumer_goods": (
        "fmcg|cpg|consumer packaged goods|household goods|toys|sporting goods|consumer products|"
        "jewelry"
    ),
    "consumer_services": (
        "personal services|individual and family services|funeral services|"
        "legal and consumer services|services|laundry|home services"
    ),
    "cosmetics": "beauty|personal care|cosmetics and personal care|personal care products",
    "cybersecurity": (
        "computer and network security|network security|information security|cyber security|"
        "it security"
    ),
    "defense": "defense and space|military|defence|defense and space manufacturing|space",
    "e_learning": "e learning|edtech|online education|e learning providers|education technology",
    "ecommerce": "e commerce|online retail|online marketplace|internet retail|marketplace",
    "electronics": (
        "electrical electronic manufacturing|electrical|electrical and electronics|"
        "electronic components|electrical equipment|electrical and electronic manufacturing"
    ),
    "energy": (
        "oil and gas|oil energy|oil and energy|oil|gas|petroleum|energy and utilities|"
        "energy and mining|oil gas and mining"
    ),
    "engineering_services": (
        "mechanical or industrial engineering|engineering|industrial engineering|"
        "mechanical engineering|surveying"
    ),
    "entertainment": (
        "motion pictures and film|music|film|movies|animation|entertainment providers|amusement|"
        "recreational facilities and services|leisure|media and entertainment"
    ),
    "environmental_services": "waste management|recycling|environmental|environment",
    "events": "events services|event planning|trade shows|event management",
    "financial_services": (
        "finance|fintech|financial|lending|payments|credit cards|mortgage|capital markets|"
        "financial services and insurance|wealth management"
    ),
    "food_beverages": (
        "food and beverage|food production|food|beverage|beverages|"
        "food and beverage manufacturing|food and beverage services|food processing|food drink"
    ),
    "furniture": "furniture manufacturing|home furnishings|furniture and home furnishings",
    "gambling": (
        "gambling and casinos|casinos|betting|gambling facilities and casinos|igaming|lottery"
    ),
    "gaming": "computer games|video games|games|game development|mobile games|esports",
    "government": (
        "government administration|government relations|public policy|public safety|"
        "law enforcement|judiciary|legislative office|political organization|public sector|"
        "international affairs|executive office|federal government|local government"
    ),
    "hardware": (
        "computer hardware|computer hardware manufacturing|computer networking|"
        "computer networking products|networking|computers"
    ),
    "healthcare": (
        "hospital and health care|hospitals and health care|hospital|hospitals|health|"
        "medical practice|medical practices|mental health care|alternative medicine|health care|"
        "health services|medical|clinics|dental|dentists|nursing|home health|medical services"
    ),
    "higher_education": (
        "university|universities|colleges|education|education management|college|higher ed|"
        "educational services"
    ),
    "hospitality": "hotels|hotel|lodging|hotels and motels|resorts|accommodation",
    "human_resources": "hr|human resources services|human resource",
    "industrial_automation": "automation|robotics|industrial automation|automation machinery",
    "insurance": "insurance carriers|insurance agency|insurance agencies and brokerages",
    "internet": (
        "online media|internet services|technology information and internet|internet publishing|"
        "web|search engines|social networking|online services"
    ),
    "investment": (
        "investment management|investment banking|asset management|hedge funds|investments|"
        "securities"
    ),
    "it_services": (
        "information technology and services|information technology|information services|"
        "it services and it consulting|it|it consulting|technology|tech|"
        "information technology services|data infrastructure and analytics|cloud|hosting|"
        "it managed services|managed services|msp|computer services|"
        "business process outsourcing|bpo"
    ),
    "law": (
        "law practice|legal services|legal|law firms|law firm|law firms and legal services|"
        "alternative dispute resolution|attorneys|lawyers"
    ),
    "logistics": (
        "logistics and supply chain|package freight delivery|freight|supply chain|"
        "import and export|freight and logistics|logistics services|courier|shipping"
    ),
    "machinery": (
        "machinery manufacturing|heavy machinery|industrial machinery|heavy industry|"
        "industrial equipment|tools"
    ),
    "manufacturing": (
        "industrial|industrial manufacturing|plastics|plastics manufacturing|rubber|"
        "general manufacturing|paper|metal fabrication|industrial goods"
    ),
    "media": (
        "broadcast media|media production|broadcasting|media and telecommunications|radio|"
        "television|broadcasting media|media and communications|communications"
    ),
    "medical_devices": (
        "medical equipment|medical device|medical equipment manufacturing|"
        "medical device manufacturing|medical supplies"
    ),
    "mining": "mining and metals|metals|steel|metals and mining|minerals|ceramics",
    "nonprofit": (
        "non profit|nonprofit organization management|non profit organization management|"
        "non profit organizations|philanthropy|fund raising|fundraising|"
        "civic and social organization|religious institutions|charity|ngo|not for profit|"
        "membership organizations|religion|nonprofit organizations|charities"
    ),
    "packaging": "packaging and containers|containers|packaging and containers manufacturing",
    "pharmaceuticals": "pharmaceutical|pharma|pharmaceutical manufacturing|drugs|pharmacy",
    "primary_education": (
        "primary secondary education|k 12|k12|schools|primary and secondary education|school|"
        "elementary and secondary education|child care|childcare"
    ),
    "printing": "printing services|commercial printing",
    "publishing": (
        "newspapers|writing and editing|book and periodical publishing|libraries|"
        "translation and localization|books|magazines|newspaper"
    ),
    "real_estate": (
        "commercial real estate|property management|realty|leasing real estate|"
        "real estate services|facilities services|real estate agents and brokers|property|"
        "real estate and construction|facilities"
    ),
    "renewables": (
        "renewables and environment|renewable energy|solar|wind|clean energy|cleantech|"
        "renewable energy semiconductor manufacturing|green energy|alternative energy"
    ),
    "research": "research services|scientific research|r and d|research and development",
    "restaurants": "restaurant|food service|catering|fast food|cafes|bars",
    "retail": (
        "supermarkets|supermarket|department stores|stores|grocery|retail groceries|"
        "consumer retail|convenience stores"
    ),
    "security_services": "security and investigations|security|guards|security services",
    "semiconductors": "semiconductor|chips|semiconductor manufacturing|nanotechnology",
    "software": (
        "computer software|software development|saas|software and internet|enterprise software|"
        "software and services|application software|software as a service|business software|"
        "apps|mobile apps|ai|artificial intelligence|crm software|b2b saas|"
        "computer software saas"
    ),
    "sports": "sports teams and clubs|spectator sports|sports and recreation|sports clubs",
    "staffing": (
        "staffing and recruiting|recruiting|recruitment|employment services|executive search|"
        "temp agency|staffing and recruitment"
    ),
    "telecommunications": "telecom|telecoms|wireless|wireless services|carriers|telco",
    "textiles": "textile manufacturing|fabrics|textile",
    "tobacco": "tobacco manufacturing|cannabis",
    "transportation": (
        "transportation trucking railroad|trucking|maritime|railroad|shipbuilding|"
        "truck transportation|transport|ground passenger transportation|maritime transportation|"
        "transportation and logistics|transportation and storage|railways"
    ),
    "travel": (
        "leisure travel and tourism|tourism|travel agencies|leisure travel|travel arrangements|"
        "travel and leisure|travel services|travel agency"
    ),
    "utilities": "utility|water|electricity|power|electric utilities|electric power",
    "venture_capital": (
        "venture capital and private equity|private equity|vc|"
        "venture capital and private equity principals"
    ),
    "veterinary": "veterinary services|animal health|pets|pet care",
    "warehousing": "warehousing and storage|storage|warehouse",
    "wellness": (
        "health wellness and fitness|fitness|wellness and fitness services|gyms|"
        "wellness and fitness|health and wellness|spa"
    ),
    "wholesale": (
        "wholesale trade|distribution|import export|distributors|wholesale and distribution|"
        "international trade and development"
    ),
    "wine_spirits": (
        "wine and spirits|breweries|winery|beer|alcohol|beverage manufacturing|distilleries"
    ),
    "other": "other industry|miscellaneous|others|not listed",
}


@lru_cache(maxsize=16_384)
def industry_code(value: str) -> str | None:
    """Return the code of an industry ('Computer Software' → software); None when unknown.

    Of a list ('Software, Internet') the first that is known counts.
    """
    if len(value) > 200:
        return None
    codes = _codes()
    whole = _key(value)
    if whole in codes:
        return codes[whole]
    for part in re.split(r"[,;|/>]", value):
        key = _key(part)
        for each in (key, key.removesuffix(" industry"), key.removesuffix(" services")):
            if each in codes:
                return codes[each]
    return None


@cache
def _codes() -> dict[str, str]:
    codes = {_key(word): code for code, words in _SYNONYMS.items() for word in words.split("|")}
    codes |= {_key(label): code for code, label in INDUSTRIES.items()}
    codes |= {_key(code): code for code in INDUSTRIES}
    return codes


def _key(text: str) -> str:
    words = _NOT_WORD.sub(" ", fold(text).replace("&", " and ")).split()
    return " ".join(word for word in words if word != "and")
