"""Same or different: accounts to sellers, then listings to products inside one seller."""
