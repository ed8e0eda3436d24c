"""What is added up from the forms, and how it is read and shown."""
