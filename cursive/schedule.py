"""When beat rings for which task; times are UTC."""

from celery.schedules import crontab

CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "cursive.lib.jobs.sweep_jobs", "schedule": 15.0},
    "heartbeat": {"task": "cursive.heartbeat", "schedule": 20.0},
    "partitions": {"task": "cursive.make_partitions", "schedule": crontab(hour=1, minute=10)},
    "check-ledger": {"task": "credits.ledger.check_ledger", "schedule": crontab(hour=2, minute=30)},
    "stripe-events": {"task": "credits.stripe.process_due_events", "schedule": 60.0},
    "forget-stripe-payloads": {
        "task": "credits.stripe.forget_old_payloads",
        "schedule": crontab(hour=3, minute=30),
    },
    "overage": {"task": "credits.overage.bill", "schedule": crontab(hour=4, minute=0)},
    "plans-catch-up": {"task": "credits.plans.catch_up", "schedule": crontab(hour=3, minute=0)},
    "sweep-reloads": {"task": "credits.purchases.sweep_reloads", "schedule": 60.0},
    "close-unbegun-purchases": {"task": "credits.purchases.close_unbegun", "schedule": 600.0},
    "send-payment-mail": {"task": "credits.receipts.send_due_mail", "schedule": 60.0},
    # Before the ledger is proven, which shows what it found; again later where Stripe was down.
    "compare-with-stripe": {
        "task": "credits.purchases.compare_with_stripe",
        "schedule": crontab(hour="2-6", minute=15),
    },
    "partners-pass-rates": {
        "task": "partners.commission.count_pass_rates",
        "schedule": crontab(hour=0, minute=1),
    },
    "mature-commissions": {
        "task": "partners.commission.mature",
        "schedule": crontab(hour=1, minute=20),
    },
    "send-payouts": {"task": "partners.commission.send_transfers", "schedule": 60.0},
    "check-partner-ledger": {
        "task": "partners.commission.check_partner_ledger",
        "schedule": crontab(hour=2, minute=40),
    },
    "release-holds": {"task": "credits.ledger.release_stale_holds", "schedule": 60.0},
    "aggregate-usage": {
        "task": "credits.metering.aggregate_usage",
        "schedule": crontab(hour=0, minute=20),
    },
    "write-counts": {"task": "credits.metering.write_counts", "schedule": 60.0},
    # Each hour of the night, so that a run that was cut short goes on; who is done is passed over.
    "score-leads": {
        "task": "leads.scoring.score_everything",
        "schedule": crontab(hour="0-5", minute=3),
    },
    "search-duplicates": {
        "task": "leads.duplicates.search_all",
        "schedule": crontab(hour=1, minute=30),
    },
    "look-for-duplicates": {"task": "leads.duplicates.work_looks", "schedule": 60.0},
    "purge-leads": {"task": "leads.records.purge_deleted", "schedule": crontab(hour=2, minute=0)},
    "purge-segments": {"task": "segments.purge_deleted", "schedule": crontab(hour=2, minute=15)},
    "purge-saved-filters": {
        "task": "leads.listing.purge_deleted",
        "schedule": crontab(hour=2, minute=20),
    },
    "purge-saved-searches": {
        "task": "marketplace.listings.purge_deleted",
        "schedule": crontab(hour=2, minute=20),
    },
    "withdraw-suppressed-listings": {
        "task": "marketplace.listings.withdraw_suppressed",
        "schedule": crontab(hour=1, minute=50),
    },
    "purge-bulk-runs": {"task": "leads.bulk.purge", "schedule": crontab(hour=2, minute=25)},
    "purge-enriched-lists": {
        "task": "leads.enrichment.remove_expired",
        "schedule": crontab(hour=3, minute=15),
    },
    "purge-imports": {
        "task": "leads.imports.remove_expired",
        "schedule": crontab(hour=3, minute=10),
    },
    "verification-queue": {
        "task": "leads.verification.work_queue",
        "schedule": crontab(minute="*/5"),
    },
    "purge-checks": {
        "task": "leads.verification.purge",
        "schedule": crontab(hour=2, minute=25),
    },
    "recheck-listings": {
        "task": "partners.submissions.recheck",
        "schedule": crontab(hour=3, minute=45),
    },
    "purge-submissions": {
        "task": "partners.submissions.remove_expired",
        "schedule": crontab(hour=3, minute=20),
    },
    "purge-exports": {
        "task": "leads.exports.remove_expired",
        "schedule": crontab(hour=3, minute=5),
    },
}
