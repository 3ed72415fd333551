"""Everything a process starts from: settings, wiring, commands, jobs, the API and the pages."""
