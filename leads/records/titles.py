"""Seniority and department, as a source says them or as the job title tells."""

from __future__ import annotations

import re
from functools import lru_cache

from leads.filters.text import fold
from leads.filters.vocabulary import DEPARTMENTS, SENIORITIES

_NOT_WORD = re.compile(r"[^a-z0-9&+#]+")
_SENIORITY_WORDS = {
    "c_suite": (
        "c level|clevel|c suite|csuite|cxo|cxo level|owner|founder|co founder|partner|president|"
        "executive|chief|c level executive|owner partner|board|board member|managing director"
    ),
    "vp": "vp|vice president|svp|evp|vp level|vice president level|avp",
    "director": "director|head|director level|head of|senior director",
    "manager": "manager|management|manager level|mid management|supervisor|team lead",
    "senior": "senior|sr|senior level|lead|principal|expert|senior ic|experienced manager",
    "entry": (
        "entry|entry level|junior|jr|intern|internship|trainee|training|student|graduate|"
        "associate|assistant|unpaid|entry level staff"
    ),
    "other": (
        "other|staff|non manager|individual contributor|ic|mid|mid level|mid senior|"
        "mid senior level|contributor|employee|experienced|specialist|volunteer|consultant"
    ),
}
_SENIORITY_CODES = {
    word: code for code, words in _SENIORITY_WORDS.items() for word in words.split("|")
}

#: In this order: the first that is found in the title decides.
_SENIORITY_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        (
            "other",
            r"\b(?:assistant|secretary|aide|advisor|adviser|counsel) to\b|\b(?:executive|personal|"
            r"administrative) assistant\b",
        ),
        (
            "c_suite",
            r"\bc[a-z]{1,2}o\b|\bchief\b.*\bofficer\b|\bchief (?:executive|financial|operating|"
            r"techn|marketing|information|people|product|revenue|data|legal|commercial|strategy|risk|"
            r"digital|customer|growth|human|investment)|\bfounders?\b|\bcofounder\b|"
            r"(?<!vice )(?<!vice-)\bpresident\b|\bmanaging (?:partner|director|member)\b|"
            r"\bchair(?:man|woman|person)?\b|\bproprietor\b|\bboard member\b|"
            r"(?<!product )(?<!process )(?<!system )(?<!service )(?<!data )(?<!application )"
            r"(?<!platform )\bowner\b|^(?:general |senior |equity |limited )?partner$|"
            r"^partner (?:at|in|tax|audit|attorney|and)\b",
        ),
        ("vp", r"\b(?:s|e|a|r)?vp\b|\bvice presidents?\b|\bv p\b"),
        ("director", r"\bchief\b"),
        ("director", r"\bdirectors?\b|\bhead of\b|^head\b|\bhead$|\bdean\b|\bdirektor\b"),
        (
            "manager",
            r"\bmanagers?\b|\bmgr\b|\bsupervisors?\b|\bteam ?lead(?:er)?\b|\bforeman\b|"
            r"\bsuperintendent\b|\bgroup lead(?:er)?\b|\bsection chief\b|\bprincipal of\b",
        ),
        (
            "entry",
            r"\bintern(?:ship)?\b|\btrainee\b|\bapprentice\b|\bjunior\b|\bjr\b|\bgraduate\b|"
            r"\bentry level\b|\bworking student\b|\bwerkstudent\b",
        ),
        (
            "senior",
            r"\bsenior\b|\bsr\b|\bprincipal\b|\blead\b|\bstaff (?:software|engineer|data|product|"
            r"design|scientist)\b|\bfellow\b|\bexpert\b|\barchitect\b|\bdistinguished\b",
        ),
        (
            "entry",
            r"\bassistant\b|\bassociate\b|\bclerk\b|\bstudent\b|\breceptionist\b|\bcashier\b",
        ),
    )
)

_DEPARTMENT_WORDS = {
    "executive": "c suite|csuite|c level|founder|owner|general management|leadership",
    "sales": "sales and account management|inside sales|field sales|account management",
    "marketing": "marketing & communications|digital marketing|growth|marketing and pr",
    "engineering": (
        "engineering & technical|engineering technical|software|software development|"
        "development|software engineering|r and d engineering|technology"
    ),
    "product": "product management|product development",
    "design": "ux|ui ux|creative|graphic design",
    "data": "data|analytics|data science|business intelligence|data and analytics",
    "it": (
        "information technology|information systems|infrastructure|tech|"
        "master information technology"
    ),
    "security": "information security|cyber security|infosec|cybersecurity",
    "operations": "ops|general operations|business operations|facilities operations",
    "finance": "accounting|finance & administration|finance and accounting|treasury|tax|audit",
    "human_resources": (
        "hr|people|people operations|talent|recruiting|talent acquisition|human resource"
    ),
    "legal": "law|compliance|legal & compliance|regulatory",
    "customer_success": "customer success|client success|client services|account success",
    "support": "customer support|customer service|technical support|help desk|service",
    "business_development": (
        "biz dev|bizdev|bd|partnerships|strategy|corporate development|alliances"
    ),
    "procurement": "purchasing|sourcing|buying|vendor management",
    "supply_chain": (
        "logistics|supply chain management|warehouse|distribution|supply chain and logistics"
    ),
    "manufacturing": "production|plant|fabrication",
    "research": "r&d|r & d|research & development|research and development|science|scientific",
    "quality": "qa|quality assurance|quality control|qc",
    "administration": "admin|administrative|office management|office administration",
    "medical": "medical & health|health|clinical|nursing|healthcare|medical health",
    "education": "teaching|training|academic|faculty",
    "communications": "pr|public relations|corporate communications|media|external affairs",
    "consulting": "advisory|consultant|professional services",
    "real_estate": "facilities|property|property management",
    "other": "other|general|none of the above",
}
_DEPARTMENT_CODES = {
    word: code for code, words in _DEPARTMENT_WORDS.items() for word in words.split("|")
}

_DEPARTMENT_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern))
    for code, pattern in (
        (
            "customer_success",
            r"customer success|client success|client (?:services|partner)|"
            r"customer experience|\bcx\b|onboarding",
        ),
        (
            "support",
            r"customer (?:support|service|care)|technical support|help ?desk|support (?:"
            r"engineer|specialist|agent|manager|analyst)|service desk|call cent",
        ),
        (
            "security",
            r"\bc?iso\b|\bciso\b|information security|cyber ?security|infosec|"
            r"security (?:engineer|analyst|architect|officer|operations)|penetration",
        ),
        (
            "human_resources",
            r"human resource|\bhr\b|\bchro\b|talent|recruit|people (?:ops|operations|"
            r"partner|and culture|& culture|officer|manager)|\bhead of people\b|\bvp people\b|"
            r"compensation|\bpeople$|personnel|payroll|diversity",
        ),
        (
            "legal",
            r"legal|counsel|attorney|lawyer|paralegal|compliance|regulatory|\bclo\b|solicitor",
        ),
        (
            "finance",
            r"financ|\bcfo\b|account(?:ing|ant|s payable|s receivable)|controller|"
            r"comptroller|treasur|\btax\b|audit|bookkeep|\bfp&a\b|actuar|\bcpa\b|credit analyst",
        ),
        (
            "data",
            r"data (?:scien|engineer|analy|architect|governance|platform)|\bdata$|analytics|"
            r"business intelligence|\bbi\b|machine learning|\bml\b|\bai\b|\bcdo\b|chief data|"
            r"statistic|head of data|director of data",
        ),
        (
            "business_development",
            r"business development|partnership|\balliances?\b|biz ?dev|\bbdr?\b|"
            r"corporate development|strateg(?:y|ic partner)|channel (?:manager|partner)",
        ),
        (
            "sales",
            r"\bsales\b|account (?:executive|manager|director|representative)|\bcro\b|"
            r"revenue officer|\bsdr\b|\bae\b|territory|seller|pre ?sales|chief revenue|"
            r"business manager",
        ),
        (
            "communications",
            r"communications?\b|public relations|\bpr\b|press|spokes|public affairs|"
            r"media relations|editor|journalist|content writer|copywriter",
        ),
        (
            "marketing",
            r"marketing|\bcmo\b|brand|\bseo\b|demand gen|growth|content|social media|"
            r"advertis|campaign|market research|community manager|e ?commerce",
        ),
        ("design", r"design|\bux\b|\bui\b|creative|artist|illustrat|art director|graphic"),
        (
            "product",
            r"product (?:manager|owner|lead|director|management|officer|marketing|strategy|"
            r"operations|analyst)|\bcpo\b|(?:head|vp|director|chief) (?:of )?product|product$",
        ),
        ("quality", r"quality|\bqa\b|\bqc\b|test (?:engineer|manager|lead)|\bsdet\b|tester"),
        ("procurement", r"procure|purchas|sourcing|\bbuyer\b|category manager|vendor manage"),
        (
            "supply_chain",
            r"supply chain|logistic|warehouse|inventory|shipping|distribution|freight|"
            r"\bdriver\b|transport|fleet|dispatch",
        ),
        (
            "manufacturing",
            r"manufactur|production|plant manager|machin|assembly|fabricat|"
            r"process engineer|industrial engineer|tool ?maker|welder",
        ),
        ("research", r"research|\br&d\b|\br d\b|scientist|laborator|\blab\b|innovation"),
        (
            "it",
            r"\bit\b|information (?:technology|systems|officer)|\bcio\b|system(?:s)? admin|"
            r"network (?:engineer|admin)|sysadmin|infrastructure|desktop|\berp\b|\bcrm\b|"
            r"database admin|technology officer manager",
        ),
        (
            "engineering",
            r"engineer|developer|software|\bcto\b|programmer|devops|\bsre\b|architect|"
            r"technical (?:lead|director|manager)|technology|full ?stack|front ?end|back ?end|"
            r"technician|chief technical|\bweb\b",
        ),
        (
            "medical",
            r"nurs|physician|doctor|medical|clinic|health|pharmac|dental|dentist|surge|"
            r"therap|patient|veterinar|\brn\b",
        ),
        (
            "education",
            r"teacher|professor|lectur|instructor|tutor|faculty|academic|school|education|"
            r"trainer|training|curriculum|principal$|\bdean\b|librarian|learning",
        ),
        ("real_estate", r"real estate|realtor|property|facilit|leasing|broker|janitor|custodian"),
        ("consulting", r"consult|advisor|adviser"),
        (
            "operations",
            r"operation|\bcoo\b|\bops\b|program manager|project manager|\bpmo\b|"
            r"project|general manager|branch manager|store manager|process|continuous improvement",
        ),
        (
            "administration",
            r"administrat|assistant|secretary|office manager|receptionist|clerk|"
            r"chief of staff|coordinator",
        ),
        (
            "executive",
            r"\bceo\b|chief executive|founder|\bowner\b|\bpresident\b|managing director|"
            r"managing partner|chair(?:man|woman|person)?\b|board member|\bpartner$|chief|"
            r"proprietor",
        ),
    )
)


@lru_cache(maxsize=8192)
def seniority_code(value: str) -> str | None:
    """Return the code for what a source calls a seniority ('C-Level', 'Sr.'); None when unknown."""
    key = _key(value)
    code = key.replace(" ", "_")
    if code in SENIORITIES:
        return code
    return _SENIORITY_CODES.get(key) or _SENIORITY_CODES.get(key.removesuffix(" level"))


@lru_cache(maxsize=8192)
def department_code(value: str) -> str | None:
    """Return the code for what a source calls a department; None when unknown."""
    key = _key(value)
    for part in (key, *(_key(each) for each in re.split(r"[,;|/]", value))):
        code = part.replace(" ", "_")
        if code in DEPARTMENTS:
            return code
        if part in _DEPARTMENT_CODES:
            return _DEPARTMENT_CODES[part]
        for name, label in DEPARTMENTS.items():
            if part == _key(label):
                return name
    return None


@lru_cache(maxsize=131_072)
def read_title(title: str) -> tuple[str | None, str | None]:
    """Return (seniority, department) that a job title tells; None where it tells nothing.

    A title without a word for it is of seniority `other`.
    """
    key = _key(title)
    if not any(c.isalpha() for c in key):
        return None, None
    seniority = next((code for code, rule in _SENIORITY_RULES if rule.search(key)), "other")
    department = next((code for code, rule in _DEPARTMENT_RULES if rule.search(key)), None)
    return seniority, department


def _key(text: str) -> str:
    return " ".join(_NOT_WORD.sub(" ", fold(text)).split())
