"""Words that several apps share: codes and labels in the order in which people expect them.

Filters search by these codes, business profiles name them, imports map to them.
"""

from types import MappingProxyType

import pycountry

Choices = MappingProxyType[str, str]

SENIORITIES: Choices = MappingProxyType(
    {
        "c_suite": "C-suite",
        "vp": "VP",
        "director": "Director",
        "manager": "Manager",
        "senior": "Senior",
        "entry": "Entry level",
        "other": "Other",
    }
)
DEPARTMENTS: Choices = MappingProxyType(
    {
        "executive": "Executive",
        "sales": "Sales",
        "marketing": "Marketing",
        "engineering": "Engineering",
        "product": "Product",
        "design": "Design",
        "data": "Data and analytics",
        "it": "IT",
        "security": "Security",
        "operations": "Operations",
        "finance": "Finance",
        "human_resources": "Human resources",
        "legal": "Legal",
        "customer_success": "Customer success",
        "support": "Customer support",
        "business_development": "Business development",
        "procurement": "Procurement",
        "supply_chain": "Supply chain and logistics",
        "manufacturing": "Manufacturing",
        "research": "Research and development",
        "quality": "Quality",
        "administration": "Administration",
        "medical": "Medical",
        "education": "Education",
        "communications": "Communications",
        "consulting": "Consulting",
        "real_estate": "Real estate and facilities",
        "other": "Other",
    }
)
INDUSTRIES: Choices = MappingProxyType(
    {
        "accounting": "Accounting",
        "advertising": "Advertising and marketing services",
        "aerospace": "Aerospace",
        "agriculture": "Agriculture",
        "apparel": "Apparel and fashion",
        "architecture": "Architecture and planning",
        "arts": "Arts and culture",
        "automotive": "Automotive",
        "aviation": "Airlines and aviation",
        "banking": "Banking",
        "biotechnology": "Biotechnology",
        "chemicals": "Chemicals",
        "construction": "Construction",
        "consulting": "Management consulting",
        "consumer_electronics": "Consumer electronics",
        "consumer_goods": "Consumer goods",
        "consumer_services": "Consumer services",
        "cosmetics": "Cosmetics and personal care",
        "cybersecurity": "Cybersecurity",
        "defense": "Defense",
        "e_learning": "E-learning",
        "ecommerce": "E-commerce",
        "electronics": "Electrical and electronic manufacturing",
        "energy": "Oil and energy",
        "engineering_services": "Engineering services",
        "entertainment": "Entertainment",
        "environmental_services": "Environmental services",
        "events": "Events",
        "financial_services": "Financial services",
        "food_beverages": "Food and beverages",
        "furniture": "Furniture",
        "gambling": "Gambling",
        "gaming": "Computer games",
        "government": "Government",
        "hardware": "Computer hardware",
        "healthcare": "Health care",
        "higher_education": "Higher education",
        "hospitality": "Hospitality",
        "human_resources": "Human resources services",
        "industrial_automation": "Industrial automation",
        "insurance": "Insurance",
        "internet": "Internet",
        "investment": "Investment management",
        "it_services": "IT services",
        "law": "Law",
        "logistics": "Logistics",
        "machinery": "Machinery",
        "manufacturing": "Manufacturing",
        "media": "Media",
        "medical_devices": "Medical devices",
        "mining": "Mining and metals",
        "nonprofit": "Nonprofit",
        "packaging": "Packaging",
        "pharmaceuticals": "Pharmaceuticals",
        "primary_education": "Primary and secondary education",
        "printing": "Printing",
        "publishing": "Publishing",
        "real_estate": "Real estate",
        "renewables": "Renewable energy",
        "research": "Research",
        "restaurants": "Restaurants",
        "retail": "Retail",
        "security_services": "Security services",
        "semiconductors": "Semiconductors",
        "software": "Software",
        "sports": "Sports",
        "staffing": "Staffing and recruiting",
        "telecommunications": "Telecommunications",
        "textiles": "Textiles",
        "tobacco": "Tobacco",
        "transportation": "Transportation",
        "travel": "Travel and tourism",
        "utilities": "Utilities",
        "venture_capital": "Venture capital and private equity",
        "veterinary": "Veterinary",
        "warehousing": "Warehousing",
        "wellness": "Wellness and fitness",
        "wholesale": "Wholesale",
        "wine_spirits": "Wine and spirits",
        "other": "Other",
    }
)
EMPLOYEE_BANDS: Choices = MappingProxyType(
    {
        "1-10": "1–10",
        "11-50": "11–50",
        "51-200": "51–200",
        "201-500": "201–500",
        "501-1000": "501–1,000",
        "1001-5000": "1,001–5,000",
        "5001-10000": "5,001–10,000",
        "10001+": "over 10,000",
    }
)
REVENUE_BANDS: Choices = MappingProxyType(
    {
        "under_1m": "under $1M",
        "1m_10m": "$1M–10M",
        "10m_50m": "$10M–50M",
        "50m_100m": "$50M–100M",
        "100m_500m": "$100M–500M",
        "500m_1b": "$500M–1B",
        "over_1b": "over $1B",
    }
)
# Where the everyday name differs from ISO's.
_EVERYDAY_NAMES = {
    "BN": "Brunei",
    "BQ": "Caribbean Netherlands",
    "CD": "DR Congo",
    "CI": "Ivory Coast",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "KP": "North Korea",
    "LA": "Laos",
    "MF": "Saint Martin",
    "PS": "Palestine",
    "RU": "Russia",
    "SH": "Saint Helena",
    "SX": "Sint Maarten",
    "SY": "Syria",
    "TR": "Turkey",
    "VA": "Vatican City",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
}


def _countries() -> Choices:
    names = {
        country.alpha_2: _EVERYDAY_NAMES.get(country.alpha_2)
        or getattr(country, "common_name", country.name)
        for country in pycountry.countries
    }
    return MappingProxyType(dict(sorted(names.items(), key=lambda pair: pair[1])))


def _us_states() -> Choices:
    states = pycountry.subdivisions.get(country_code="US")
    names = {state.code.removeprefix("US-"): state.name for state in states}
    return MappingProxyType(dict(sorted(names.items(), key=lambda pair: pair[1])))


COUNTRIES: Choices = _countries()
US_STATES: Choices = _us_states()


def country_choices() -> list[tuple[str, str]]:
    """(ISO code, name) of all countries by name, for fields that take one."""
    return list(COUNTRIES.items())
