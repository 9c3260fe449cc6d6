{
    "name": "Turns",
    "summary": "Shared job processes give each tenant a bounded number of them",
    "version": "1.0.0",
    "license": "Other OSI approved licence",
    "depends": ["base"],
    "installable": False,  # loaded server-wide, never installed into a database
}
