"""What tests have in common: both clients, small servers, programs of their own, the rooms of the package."""
