"""Settings, read from the environment through one typed place (X-7).

CURSIVE_ENV is `production` unless said otherwise, so that what is forgotten fails safe.
"""

from pathlib import Path

import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from cursive.lib.logs import without_query
from cursive.schedule import CELERY_BEAT_SCHEDULE  # noqa: F401 (a setting of Celery)
from cursive.staff import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

CURSIVE_ENV = env.str(
    "CURSIVE_ENV", "production", validate=lambda value: value in {"production", "demo", "test"}
)
PRODUCTION = CURSIVE_ENV == "production"
DEMO = CURSIVE_ENV == "demo"
DEBUG = env.bool("DEBUG", False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG can't be on in production.")


def _secret(name: str) -> str:
    value: str = env.str(name, "" if PRODUCTION else "only-for-tests-and-the-demo")
    if PRODUCTION and len(value) < 40:
        raise ImproperlyConfigured(f"{name} is missing or too short: at least 40 characters.")
    return value


SECRET_KEY = _secret("SECRET_KEY")
# Of the suppression list's hashes: never to be exchanged, the list would match nobody.
SUPPRESSION_KEY = _secret("SUPPRESSION_KEY")

BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
if PRODUCTION and not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("BASE_URL must be the public https:// address.")
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [] if PRODUCTION else ["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = [BASE_URL] if HTTPS else []

# Everything that isn't in a database: mail of the demo, files, the catalogue's snapshots.
STATE_DIR = Path(env.str("CURSIVE_STATE", str(BASE_DIR / ".run" / "state")))
CATALOGUE_DIR = Path(env.str("CATALOGUE_DIR", str(STATE_DIR / "catalogue")))

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "template_partials",
    "cursive",
    "accounts",
    "credits",
    "leads",
    "segments",
    "marketplace",
    "partners",
    "analytics",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "cursive.lib.ui.admin.AdminPagesMiddleware",
    "cursive.lib.logs.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cursive.lib.ui.middleware.FragmentMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "credits.metering.middleware.CallRecordingMiddleware",
    "accounts.access.middleware.WorkspaceMiddleware",
    "credits.metering.middleware.CallLimitMiddleware",
    "cursive.lib.methods.MethodNotAllowedMiddleware",
    "cursive.lib.errors.DomainErrorMiddleware",
    "cursive.lib.inputs.ReadableInputMiddleware",
]

ROOT_URLCONF = "cursive.urls"
ASGI_APPLICATION = "cursive.asgi.application"
WSGI_APPLICATION = "cursive.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["cursive.lib.ui.form_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "accounts.access.context.workspace",
            ],
        },
    }
]

# One database, three roles (design: Tenants). `default` can't see past its workspace, `admin`
# can, `owner` migrates.
# Pages that one web process works on at once; each needs a connection.
PAGES_AT_ONCE = env.int("DATABASE_POOL", 12)
_pool = {"pool": {"min_size": 1, "max_size": PAGES_AT_ONCE, "timeout": 10}}


def _database(variable: str, *, pooled: bool) -> dict[str, object]:
    config = env.dj_db_url(variable)
    config["CONN_MAX_AGE"] = 0
    config["OPTIONS"] = {"application_name": f"cursive-{CURSIVE_ENV}"}
    if pooled and env.bool("DATABASE_POOLED", False):
        config["OPTIONS"] |= _pool
    return config


DATABASES = {
    "default": _database("DATABASE_URL", pooled=True),
    "admin": _database("ADMIN_DATABASE_URL", pooled=True),
    "owner": _database("OWNER_DATABASE_URL", pooled=False),
}
DATABASE_ROUTERS = ["cursive.lib.tenancy.router.TenantRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
_redis_cache = {
    "LOCATION": REDIS_URL,
    "KEY_PREFIX": "cursive",
    "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1},
}
CACHES = {
    "default": {"BACKEND": "cursive.lib.caches.SteadyCache", **_redis_cache},
    # For health checks: what it says is true of Redis.
    "redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache", **_redis_cache},
}

# --- people -------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in [
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    ]
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.access.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key,30/15m/ip"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "accounts.access.mfa_adapter.MfaAdapter"
MFA_FORMS = {
    "authenticate": "accounts.access.forms.AuthenticateForm",
    "reauthenticate": "accounts.access.forms.ReauthenticateForm",
}
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "Cursive"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
# Staff must have a second factor everywhere but in the demo, whose sign-ins are printed.
STAFF_MFA_REQUIRED = not DEMO

# --- payments -----------------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", "")
if bool(STRIPE_SECRET_KEY) != bool(STRIPE_WEBHOOK_SECRET):
    raise ImproperlyConfigured("Set both STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, or neither.")
if PRODUCTION and not STRIPE_SECRET_KEY:
    raise ImproperlyConfigured("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are missing.")
# Without keys a local server with Stripe's interface takes test payments (C-16).
STRIPE_LOCAL_URL = "" if STRIPE_SECRET_KEY else env.str("STRIPE_LOCAL_URL", "http://127.0.0.1:1")
if not STRIPE_SECRET_KEY:
    STRIPE_WEBHOOK_SECRET = env.str("STRIPE_LOCAL_SECRET", "whsec_test_payments")
STRIPE_PAGES = (
    [env.str("STRIPE_LOCAL_PAGES", STRIPE_LOCAL_URL)]
    if STRIPE_LOCAL_URL
    else ["https://checkout.stripe.com", "https://billing.stripe.com"]
)

# --- web ----------------------------------------------------------------------------------
CSRF_FAILURE_VIEW = "cursive.views.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^api/health"]
if env.bool("BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        # A form that pays is answered with a redirect to Stripe's page.
        "form-action": [SELF, *STRIPE_PAGES],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

STATIC_URL = "/static/"
# Collected for production only; elsewhere files are served from where they are.
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(STATE_DIR / "static"))) if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": STATE_DIR / "files", "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "cursive.lib.ui.formats"

# --- mail ---------------------------------------------------------------------------------
# The demo has no way out: its mail lands in files that /mail/ shows.
EMAIL_BACKEND = {
    "production": "django.core.mail.backends.smtp.EmailBackend",
    "demo": "django.core.mail.backends.filebased.EmailBackend",
    "test": "django.core.mail.backends.locmem.EmailBackend",
}[CURSIVE_ENV]
EMAIL_FILE_PATH = STATE_DIR / "mail"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Cursive <hello@cursive.example>")
if PRODUCTION:
    globals().update(env.dj_email_url("EMAIL_URL"))

# --- API ----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.access.api.ApiKeyAuthentication",
        "accounts.access.api.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.access.api.WorkspacePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cursive.lib.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "cursive.lib.problems.api_exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cursive API",
    "VERSION": "1",
    "DESCRIPTION": "Search the lead database, save segments, pull leads, follow jobs.\n\n"
    "Sign in with an API key of your workspace: `Authorization: Bearer cur_live_…`. A workspace "
    "may call 100 times a minute, and as often a month as its plan says; every answer tells where "
    "you are in `X-RateLimit-*`. Errors are problem documents (RFC 9457).",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "JobStatusEnum": "cursive.lib.jobs.models.Job.Status",
        "LeadStatusEnum": "leads.records.models.Lead.Status",
        "SegmentStatusEnum": "segments.saved.models.Segment.Status",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "credits.metering.schema.add_limits",
    ],
}

# --- metering -----------------------------------------------------------------------------
API_RATE = env.str("API_RATE", "100/minute")  # calls of a workspace

# --- checks of e-mail addresses -----------------------------------------------------------
MILLIONVERIFIER_KEY = env.str("MILLIONVERIFIER_KEY", "")
MILLIONVERIFIER_URL = env.str("MILLIONVERIFIER_URL", "https://api.millionverifier.com")
ZEROBOUNCE_KEY = env.str("ZEROBOUNCE_KEY", "")
ZEROBOUNCE_URL = env.str("ZEROBOUNCE_URL", "https://api.zerobounce.net")
# Where MX records are looked up, as address:port; the system's servers unless said otherwise.
VERIFICATION_DNS = env.str("VERIFICATION_DNS", "")

# --- work ---------------------------------------------------------------------------------
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", 60)
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 3_000
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3_600,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- logs ---------------------------------------------------------------------------------
_shared: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    without_query,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]
structlog.configure(
    processors=[*_shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(),
            "foreign_pre_chain": _shared,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"django_structlog": {"level": "INFO"}, "httpx": {"level": "WARNING"}},
}
