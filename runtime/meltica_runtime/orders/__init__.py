"""What an order is: requests, reports, the states of its life, what is written of it."""
