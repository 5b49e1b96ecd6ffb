"""What every page is made of: template tags, navigation, pagination, formatting, toasts."""
