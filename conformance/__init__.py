"""The programs as users run them, through the real engine, with AWS's real provider, against a simulator of AWS."""
