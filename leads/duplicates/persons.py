"""People: leads, customers, patients, historical figures.

How often duplicates agree (`m`) starts from ordinary slips of the pen; for what leads have,
`manage.py train_duplicates` measures it anew on generated people.
"""

from .roles import ADDRESS, DIGITS, HOST, LETTERS, PLAIN, SIGNS, Role
from .schemas import (
    Comparison,
    Derived,
    Level,
    Schema,
    alike,
    same,
    simple,
    slips,
    within,
    words_of,
)

ROLES = (
    Role("first_name", LETTERS, ("first_name", "given_name", "forename", "firstname", "fname")),
    Role("last_name", LETTERS, ("last_name", "surname", "family_name", "lastname", "lname")),
    Role("full_name", PLAIN, ("full_name", "name", "fullname", "person", "contact_name")),
    Role("birth_date", DIGITS, ("dob", "date_of_birth", "birth_date", "birthdate", "birthday")),
    Role("email", ADDRESS, ("email", "e_mail", "email_address", "mail")),
    Role("phone", DIGITS, ("phone", "phone_number", "telephone", "mobile", "tel")),
    Role("national_id", SIGNS, ("soc_sec_id", "ssn", "national_id", "social_security", "nino")),
    Role("linkedin", ADDRESS, ("linkedin_url", "linkedin")),
    Role("company", PLAIN, ("company_name", "company", "organisation", "organization", "employer")),
    Role("domain", HOST, ("company_domain", "domain", "website")),
    Role("title", PLAIN, ("title", "job_title", "occupation", "profession", "position")),
    Role("house", SIGNS, ("street_number", "house_number", "number", "house")),
    Role("street", PLAIN, ("street", "address_1", "address1", "street_address", "address", "addr")),
    Role("district", PLAIN, ("address_2", "address2", "neighbourhood", "neighborhood")),
    Role("city", PLAIN, ("city", "suburb", "town", "birth_place", "locality", "place")),
    Role("postcode", SIGNS, ("postcode", "postal_code", "zip", "zip_code", "postcode_fake")),
    Role("state", SIGNS, ("state", "region", "province", "county")),
    Role("gender", LETTERS, ("gender", "sex")),
)

_SWAPPED = "first_name_l = last_name_r AND last_name_l = first_name_r"

COMPARISONS = (
    Comparison(
        "first_name",
        (
            Level("same", (same("first_name"),), 0.68, "first_name"),
            Level("swapped with last name", (_SWAPPED,), 0.03),
            Level("nearly the same", (alike("first_name", 0.9), slips("first_name", 1)), 0.1),
            Level(
                "similar",
                (
                    alike("first_name", 0.8),
                    "starts_with(first_name_l, first_name_r)",
                    "starts_with(first_name_r, first_name_l)",
                    "list_contains(names_l, first_name_r)",
                    "list_contains(names_r, first_name_l)",
                ),
                0.08,
            ),
        ),
        0.11,
    ),
    Comparison(
        "last_name",
        (
            Level("same", (same("last_name"),), 0.73, "last_name"),
            Level("swapped with first name", (_SWAPPED,), 0.03),
            Level("nearly the same", (alike("last_name", 0.9), slips("last_name", 1)), 0.12),
            Level(
                "similar",
                (
                    alike("last_name", 0.8),
                    "list_contains(names_l, last_name_r)",
                    "list_contains(names_r, last_name_l)",
                ),
                0.06,
            ),
        ),
        0.06,
    ),
    Comparison(
        "birth_date",
        (
            Level("same", (same("birth_date"),), 0.8, "birth_date"),
            Level("nearly the same", (slips("birth_date", 1),), 0.12),
            Level("similar", (slips("birth_date", 2),), 0.04),
        ),
        0.04,
    ),
    Comparison(
        "email",
        (
            Level("same", (same("email"),), 0.7, "email"),
            # Most addresses are made of the name, which is compared already.
            Level(
                "same before the @",
                ("split_part(email_l, '@', 1) = split_part(email_r, '@', 1)",),
                0.12,
                least_u=0.02,
            ),
            Level("nearly the same", (slips("email", 2),), 0.1, least_u=0.002),
        ),
        0.08,
    ),
    Comparison(
        "phone",
        (
            Level("same", (same("phone"),), 0.72, "phone"),
            Level(
                "same last digits",
                ("right(phone_l, 7) = right(phone_r, 7) AND len(phone_l) >= 7",),
                0.08,
            ),
            Level("nearly the same", (slips("phone", 1),), 0.05),
        ),
        0.15,
    ),
    Comparison(
        "national_id",
        (
            Level("same", (same("national_id"),), 0.88),
            Level("nearly the same", (slips("national_id", 1),), 0.07),
            Level("similar", (slips("national_id", 2),), 0.02),
        ),
        0.03,
    ),
    Comparison("linkedin", (Level("same", (same("linkedin"),), 0.98),), 0.02),
    Comparison(
        "company",
        (
            Level("same", (same("company"), same("domain")), 0.75, "company"),
            Level("similar", (alike("company", 0.88), *within("company")), 0.12),
        ),
        0.13,
    ),
    simple("title", 0.7, 0.12, 0.18),
    simple("house", 0.84, 0.04, 0.12),
    Comparison(
        "street",
        (
            Level("same", (same("street"),), 0.75, "street"),
            Level("nearly the same", (alike("street", 0.9), slips("street", 2)), 0.14),
        ),
        0.11,
    ),
    simple("district", 0.72, 0.14, 0.14),
    # One comparison: a town, its postal codes and its state say the same thing.
    Comparison(
        "place",
        (
            # Colleagues are in one town because their company is: that says it once already.
            Level(
                "same, with the company",
                (
                    "company_l = company_r AND city_l = city_r",
                    "domain_l = domain_r AND city_l = city_r",
                ),
                0.4,
                least_u=0.4,
            ),
            Level("same", ("place_l = place_r",), 0.6, "place"),
            # Each as rare as what is the same, not as the town and the code together.
            Level("same postal code", (same("postcode"),), 0.1, "postcode"),
            Level("same town", (same("city"),), 0.15, "city"),
            Level(
                "nearly the same",
                (slips("postcode", 1), alike("city", 0.9), *within("city")),
                0.06,
            ),
            Level("same area", (same("state"),), 0.04),
        ),
        0.05,
    ),
    Comparison("gender", (Level("same", (same("gender"),), 0.95),), 0.05),
)

KEYS = (
    "email",
    "phone",
    "national_id",
    "linkedin",
    "split_part(email, '@', 1)",
    "least(first_name, last_name) || '|' || greatest(first_name, last_name)",
    "last_name || '|' || birth_date",
    "first_name || '|' || birth_date",
    "last_name || '|' || company",
    "first_name || '|' || company",
    "left(last_name, 4) || left(first_name, 3) || '|' || domain",
    "birth_date || '|' || postcode",
    "birth_date || '|' || city",
    "birth_date || '|' || house",
    "birth_date || '|' || left(street, 5)",
    "birth_date || '|' || title",
    "last_name || '|' || postcode",
    "first_name || '|' || postcode",
    "left(first_name, 2) || left(last_name, 2) || '|' || left(birth_date, 4)",
    "left(first_name, 3) || left(last_name, 3)",
    "last_name || '|' || left(first_name, 1) || '|' || city",
    "first_name || '|' || city || '|' || left(birth_date, 4)",
    "street || '|' || house",
    "street || '|' || first_name",
    "street || '|' || postcode",
    "postcode || '|' || house",
    "postcode || '|' || left(birth_date, 4)",
    "city || '|' || house",
    "last_name",
    "birth_date",
    "postcode",
)

PERSONS = Schema(
    "person",
    ROLES,
    (
        Derived("first_name", ("full_name",), "split_part(full_name, ' ', 1)"),
        Derived("last_name", ("full_name",), "split_part(full_name, ' ', -1)"),
        Derived("place", ("city", "postcode"), "coalesce(city || ' ' || postcode, city, postcode)"),
        Derived("place", ("city",), "city"),
        Derived("place", ("postcode",), "postcode"),
        Derived("names", ("full_name",), words_of("full_name")),
        Derived("names", ("first_name", "last_name"), "[first_name, last_name]"),
    ),
    COMPARISONS,
    KEYS,
)
