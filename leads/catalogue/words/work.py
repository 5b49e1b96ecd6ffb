"""Industries, companies, departments, titles and topics of the synthetic catalogue."""

#: Share of people by department.
DEPARTMENT_WEIGHTS: dict[str, int] = {
    "engineering": 18,
    "sales": 19,
    "marketing": 11,
    "operations": 13,
    "finance": 10,
    "it": 9,
    "human_resources": 6,
    "customer_success": 4,
    "support": 4,
    "product": 5,
    "design": 3,
    "legal": 3,
    "data": 4,
    "security": 2,
    "business_development": 3,
    "supply_chain": 4,
    "research": 3,
    "administration": 4,
    "medical": 2,
}

#: What is more frequent in an industry than elsewhere, as factors on the weights above.
DEPARTMENT_SKEW: dict[str, dict[str, float]] = {
    "tech": {
        "engineering": 2.2,
        "data": 1.8,
        "security": 2.0,
        "medical": 0,
        "product": 2.5,
        "customer_success": 2.0,
        "operations": 0.4,
    },
    "money": {"finance": 3.5, "medical": 0, "legal": 1.8, "engineering": 0.6},
    "goods": {
        "operations": 2.2,
        "supply_chain": 2.5,
        "medical": 0,
        "engineering": 1.1,
        "customer_success": 0.4,
        "product": 0.6,
    },
    "care": {
        "operations": 2.0,
        "medical": 9.0,
        "research": 1.5,
        "human_resources": 1.5,
        "engineering": 0.3,
        "sales": 0.6,
    },
    "talk": {"marketing": 2.6, "medical": 0, "design": 3.0, "sales": 1.2, "engineering": 0.4},
    "law": {"legal": 6.0, "medical": 0, "engineering": 0.2, "product": 0.3},
}

#: Industry → (kind, weight, NAICS).
INDUSTRIES: dict[str, tuple[str, int, str]] = {
    "software": ("tech", 90, "511210"),
    "it_services": ("tech", 70, "541512"),
    "internet": ("tech", 40, "519130"),
    "hardware": ("tech", 14, "334111"),
    "cybersecurity": ("tech", 16, "541519"),
    "semiconductors": ("tech", 14, "334413"),
    "telecommunications": ("tech", 24, "517311"),
    "gaming": ("tech", 8, "511210"),
    "financial_services": ("money", 60, "523930"),
    "banking": ("money", 38, "522110"),
    "insurance": ("money", 34, "524126"),
    "accounting": ("money", 15, "541211"),
    "investment": ("money", 14, "523920"),
    "venture_capital": ("money", 6, "523910"),
    "real_estate": ("money", 34, "531210"),
    "healthcare": ("care", 95, "621111"),
    "pharmaceuticals": ("goods", 22, "325412"),
    "biotechnology": ("goods", 17, "541714"),
    "medical_devices": ("goods", 18, "339112"),
    "primary_education": ("care", 30, "611710"),
    "higher_education": ("care", 34, "611310"),
    "nonprofit": ("care", 24, "813219"),
    "government": ("care", 24, "921190"),
    "retail": ("goods", 44, "455110"),
    "ecommerce": ("talk", 18, "455219"),
    "consumer_goods": ("goods", 24, "311999"),
    "food_beverages": ("goods", 26, "311999"),
    "restaurants": ("care", 20, "722511"),
    "hospitality": ("care", 24, "721110"),
    "travel": ("care", 13, "561510"),
    "manufacturing": ("goods", 48, "333999"),
    "machinery": ("goods", 16, "333249"),
    "automotive": ("goods", 26, "336110"),
    "aerospace": ("goods", 15, "336411"),
    "defense": ("goods", 10, "336414"),
    "electronics": ("goods", 18, "334419"),
    "chemicals": ("goods", 13, "325199"),
    "construction": ("goods", 40, "236220"),
    "architecture": ("talk", 10, "541310"),
    "engineering_services": ("goods", 14, "541330"),
    "energy": ("goods", 16, "211120"),
    "renewables": ("goods", 9, "221115"),
    "utilities": ("goods", 13, "221122"),
    "mining": ("goods", 8, "212299"),
    "agriculture": ("goods", 10, "111998"),
    "logistics": ("goods", 24, "488510"),
    "transportation": ("goods", 20, "484121"),
    "aviation": ("care", 8, "481111"),
    "consulting": ("talk", 36, "541611"),
    "staffing": ("care", 20, "561320"),
    "human_resources": ("care", 9, "541612"),
    "advertising": ("talk", 32, "541810"),
    "media": ("talk", 16, "516120"),
    "publishing": ("talk", 9, "513120"),
    "entertainment": ("talk", 14, "512110"),
    "arts": ("talk", 7, "541430"),
    "law": ("law", 36, "541110"),
    "wholesale": ("goods", 18, "423990"),
    "wellness": ("care", 10, "713940"),
    "events": ("talk", 6, "561920"),
    "packaging": ("goods", 5, "322211"),
    "apparel": ("goods", 9, "315990"),
    "environmental_services": ("goods", 8, "562910"),
    "gambling": ("care", 5, "713210"),
    "sports": ("care", 7, "711211"),
}

#: Department → functions (for leaders: 'Director of …') and roles (for everybody else).
TITLES: dict[str, tuple[str, str]] = {
    "engineering": (
        "Engineering, Software Engineering, Platform, Infrastructure, Data Engineering, Quality",
        "Software Engineer, Data Engineer, Backend Developer, Frontend Developer, DevOps Engineer, "
        "QA Engineer, Mechanical Engineer, Electrical Engineer, Full Stack Developer, "
        "Site Reliability Engineer, Machine Learning Engineer, Solutions Architect, "
        "Process Engineer, Embedded Engineer",
    ),
    "sales": (
        "Sales, Business Development, Enterprise Sales, Sales Operations, Partnerships, Revenue",
        "Account Executive, Sales Representative, Sales Development Representative, "
        "Account Manager, "
        "Business Development Representative, Inside Sales Representative, Sales Engineer, "
        "Key Account Manager, Channel Account Manager, Territory Representative",
    ),
    "marketing": (
        "Marketing, Growth, Demand Generation, Brand, Communications, Digital Marketing, Content",
        "Marketing Specialist, Content Marketer, SEO Specialist, Social Media Specialist, "
        "Product Marketer, Demand Generation Specialist, Communications Specialist, "
        "Marketing Analyst, Email Marketer, Event Planner, Copywriter",
    ),
    "operations": (
        "Operations, Supply Chain, Logistics, Procurement, Facilities, Manufacturing",
        "Operations Analyst, Supply Chain Planner, Buyer, Logistics Coordinator, "
        "Production Supervisor, Project Coordinator, Warehouse Lead, Procurement Specialist, "
        "Business Analyst, Plant Technician",
    ),
    "finance": (
        "Finance, Accounting, FP&A, Treasury, Tax, Investor Relations",
        "Accountant, Financial Analyst, Controller, Payroll Specialist, Auditor, Tax Analyst, "
        "Credit Analyst, Accounts Payable Clerk, Treasury Analyst, Bookkeeper",
    ),
    "it": (
        "IT, Information Security, Infrastructure, Enterprise Systems, IT Operations, Data",
        "Systems Administrator, Network Engineer, IT Support Specialist, Security Analyst, "
        "Database Administrator, Cloud Engineer, Help Desk Technician, Business Systems Analyst, "
        "Data Analyst, ERP Consultant",
    ),
    "human_resources": (
        "Human Resources, People, Talent Acquisition, Learning and Development, Total Rewards",
        "Recruiter, HR Generalist, HR Business Partner, Talent Acquisition Specialist, "
        "Benefits Specialist, HR Coordinator, Training Specialist, Compensation Analyst",
    ),
    "customer_success": (
        "Customer Success, Customer Experience, Client Services, Implementation",
        "Customer Success Associate, Client Services Representative, Onboarding Specialist, "
        "Implementation Consultant, Renewals Specialist",
    ),
    "support": (
        "Customer Support, Technical Support, Service Desk, Customer Care",
        "Support Specialist, Technical Support Engineer, Customer Care Agent, "
        "Service Desk Analyst, Field Service Technician",
    ),
    "data": (
        "Data, Analytics, Business Intelligence, Data Science, Insights",
        "Data Scientist, Data Analyst, BI Developer, Analytics Engineer, Statistician, "
        "Reporting Analyst",
    ),
    "security": (
        "Information Security, Security Operations, Application Security, Risk",
        "Security Engineer, Security Analyst, Penetration Tester, SOC Analyst, GRC Analyst",
    ),
    "business_development": (
        "Business Development, Partnerships, Alliances, Corporate Development",
        "Business Development Representative, Partnership Specialist, Alliance Coordinator, "
        "Corporate Development Analyst",
    ),
    "supply_chain": (
        "Supply Chain, Logistics, Distribution, Planning, Warehousing",
        "Supply Chain Planner, Logistics Coordinator, Demand Planner, Warehouse Lead, "
        "Import Export Specialist, Dispatcher",
    ),
    "research": (
        "Research, Research and Development, Innovation, Clinical Research",
        "Research Scientist, Research Associate, Lab Technician, Clinical Research Coordinator, "
        "R&D Engineer",
    ),
    "administration": (
        "Administration, Office, Executive Support, Facilities",
        "Administrative Assistant, Executive Assistant, Office Coordinator, Receptionist, "
        "Office Administrator",
    ),
    "medical": (
        "Nursing, Clinical Services, Medical Affairs, Pharmacy, Patient Care",
        "Registered Nurse, Physician, Pharmacist, Physical Therapist, Medical Assistant, "
        "Radiology Technician",
    ),
    "product": (
        "Product, Product Management, Product Operations, Product Strategy",
        "Product Owner, Product Analyst, Technical Product Specialist, Product Operations Analyst, "
        "Scrum Master, Business Systems Analyst",
    ),
    "design": (
        "Design, User Experience, Creative, Brand Design",
        "Product Designer, UX Designer, Graphic Designer, UX Researcher, Visual Designer, "
        "Art Director, Interaction Designer",
    ),
    "legal": (
        "Legal, Compliance, Regulatory Affairs, Privacy",
        "Counsel, Paralegal, Compliance Analyst, Contracts Specialist, Attorney, "
        "Legal Assistant, Privacy Analyst",
    ),
}

CHIEFS: dict[str, str] = {
    "engineering": "CTO, Chief Technology Officer, Chief Architect",
    "sales": "Chief Revenue Officer, Chief Sales Officer, Founder, CEO",
    "marketing": "CMO, Chief Marketing Officer, Chief Growth Officer",
    "operations": "COO, Chief Operating Officer, CEO, Owner, Managing Director",
    "finance": "CFO, Chief Financial Officer",
    "it": "CIO, CISO, Chief Information Officer",
    "human_resources": "CHRO, Chief People Officer",
    "customer_success": "Chief Customer Officer",
    "support": "Chief Customer Officer, Chief Service Officer",
    "data": "Chief Data Officer, Chief Analytics Officer",
    "security": "CISO, Chief Information Security Officer, Chief Security Officer",
    "business_development": "Chief Business Officer, Chief Partnerships Officer",
    "supply_chain": "Chief Supply Chain Officer, Chief Procurement Officer",
    "research": "Chief Scientific Officer, Chief Innovation Officer",
    "administration": "Chief Administrative Officer, Chief of Staff",
    "medical": "Chief Medical Officer, Chief Nursing Officer",
    "product": "CPO, Chief Product Officer, Co-Founder",
    "design": "Chief Design Officer, Chief Creative Officer",
    "legal": "General Counsel, Chief Legal Officer, Chief Compliance Officer",
}

SENIORITY_WEIGHTS: dict[str, int] = {
    "c_suite": 5,
    "vp": 5,
    "director": 10,
    "manager": 20,
    "senior": 22,
    "entry": 33,
    "other": 5,
}

#: Patterns by seniority: {f} a function, {r} a role, {c} a chief's title.
TITLE_PATTERNS: dict[str, str] = {
    "c_suite": "{c}",
    "vp": "VP of {f}; Vice President, {f}; VP {f}; Senior Vice President of {f}; SVP, {f}",
    "director": "Director of {f}; {f} Director; Head of {f}; Senior Director of {f}; "
    "Associate Director, {f}; Global Head of {f}",
    "manager": "{f} Manager; Manager, {f}; Senior Manager, {f}; {f} Team Lead; {f} Manager EMEA",
    "senior": "Senior {r}; Lead {r}; Principal {r}; Sr. {r}; Staff {r}",
    "entry": "{r}; {r}; Junior {r}; {r} I; {r} II; Associate {r}",
    "other": "{r} (Contract); Freelance {r}; {r} Intern; {f} Consultant; {f} Advisor",
}

COMPANY_FIRST: str = """
    Apex Blue Bright Cedar Clear Cobalt Crest Delta Eagle East Echo Elm Ember Ever Falcon Fern
    First Forge Fox Gold Grand Granite Green Harbor Haven High Horizon Iron Juniper Key Lake
    Lark Liberty Light Lumen Maple Meridian Mill Mint Moon Nova North Oak Ocean Olive Onyx
    Orchid Pacific Peak Pine Pioneer Prime Quantum Quill Raven Red River Rock Rose Sage Silver
    Sky Solar South Spring Sterling Stone Summit Sun Swift Terra Tide Timber Torch Trail True
    Union Vale Vector Vista Wave West White Wild Willow Wind Wolf Zenith Zephyr Alder Amber
    Anchor Arbor Atlas Aurora Beacon Birch Canyon Copper Coral
"""
COMPANY_SECOND: str = """
    bridge field gate ridge point works line path mark side stone view way wood bay brook craft
    crest dale fall ford glen grove haven hill land leaf light lock mont net port reach scale
    shore span spring stead stream tree vale well yard base beam core data dock flow forge frame
    grid hub lab link logic loop mind pulse shift sight signal soft source spark stack sync type
    vault verse ware wire wise worth
"""
COMPANY_TAIL: dict[str, str] = {
    "tech": "Software, Systems, Technologies, Labs, Cloud, Data, Networks, AI, Digital, ",
    "money": "Capital, Financial, Bank, Partners, Insurance, Advisors, Holdings, Trust, ",
    "goods": "Industries, Manufacturing, Group, Materials, Engineering, Supply, Works, ",
    "care": "Health, Services, Care, Foundation, Institute, Group, Associates, ",
    "talk": "Media, Studio, Agency, Consulting, Partners, Creative, Collective, ",
    "law": "Law, Legal, & Partners, Associates, LLP, ",
}
COMPANY_FORM: dict[str, str] = {
    "US": "Inc, LLC, Corp, Inc, , , , ",
    "CA": "Inc, Ltd, , , ",
    "GB": "Ltd, plc, Limited, , , ",
    "DE": "GmbH, AG, GmbH & Co. KG, GmbH, ",
    "FR": "SA, SAS, SARL, , ",
    "AU": "Pty Ltd, , , ",
    "IN": "Pvt Ltd, Ltd, , ",
    "NL": "B.V., N.V., , ",
    "ES": "S.A., S.L., , ",
    "IT": "S.p.A., S.r.l., , ",
    "SE": "AB, AB, , ",
    "BR": "Ltda, S.A., , ",
    "PL": "Sp. z o.o., S.A., , ",
}

#: What people of a department read about; of everybody's topics one in four is from `any`.
TOPICS: dict[str, str] = {
    "any": "remote_work ai_adoption digital_transformation sustainability compliance_training "
    "business_travel office_space",
    "engineering": "kubernetes ci_cd observability cloud_migration api_management devops "
    "test_automation data_warehouse machine_learning feature_flags",
    "sales": "crm sales_enablement lead_generation sales_forecasting conversation_intelligence "
    "proposal_software sales_intelligence",
    "marketing": "marketing_automation seo account_based_marketing content_marketing "
    "email_marketing customer_data_platform marketing_attribution social_media_management",
    "operations": "supply_chain_visibility warehouse_management erp procurement_software "
    "inventory_management process_mining iot",
    "finance": "accounts_payable_automation expense_management fpa_software payroll "
    "revenue_recognition tax_software treasury_management",
    "it": "zero_trust endpoint_security identity_management itsm "
    "backup_and_recovery network_security cloud_storage siem",
    "human_resources": "applicant_tracking hris employee_engagement learning_management "
    "benefits_administration performance_management",
    "customer_success": "customer_success_platform customer_onboarding net_promoter_score",
    "support": "help_desk_software chatbots live_chat field_service_management",
    "data": "business_intelligence data_warehouse machine_learning data_governance etl",
    "security": "siem zero_trust penetration_testing identity_management security_awareness",
    "business_development": "partner_management sales_intelligence lead_generation",
    "supply_chain": "supply_chain_visibility warehouse_management freight_management",
    "research": "lab_information_systems clinical_trials innovation_management",
    "administration": "scheduling_software visitor_management document_management",
    "medical": "electronic_health_records telehealth patient_engagement",
    "product": "product_analytics roadmapping user_research ab_testing product_led_growth",
    "design": "design_systems prototyping brand_management accessibility_testing",
    "legal": "contract_management e_signature data_privacy ediscovery legal_research",
}
