"""People, coverage and findings of a place, region by region: what DPP and DPD watch, and nobody changes here."""
