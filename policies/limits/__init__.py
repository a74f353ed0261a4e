"""What limits need that decides nothing: who is counted, calendars, and the fields that tell of a decision."""
