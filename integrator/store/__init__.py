"""The database: tables, and one file of statements for each matter. SQL that SQLite and PostgreSQL both take."""
