"""Evidence packs: a ZIP for lawyers with figures, versions, audit chains and original photos, that checks itself."""
