"""Metering: every API call is counted for limits and bills, and recorded (C-17 to C-19)."""
