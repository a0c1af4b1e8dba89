"""A strategy's inbox: where its rings lie in shared memory, and the JavaScript that reads them."""
