"""Gold curves and the operating points read off them."""
