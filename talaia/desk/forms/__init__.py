"""The forms of the desk. Each is complete without JavaScript; the server says beside each field what is wrong."""
