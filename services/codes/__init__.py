"""No code, no inspection: codes are issued before a visit, shown and scanned during it, used to watch it after."""
