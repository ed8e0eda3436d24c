"""What the DPC and the phone of a witness tell each other beside the forms."""
