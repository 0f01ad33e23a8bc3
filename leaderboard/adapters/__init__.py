"""The technologies. They do what the stages ask for; only `wiring` knows them."""
