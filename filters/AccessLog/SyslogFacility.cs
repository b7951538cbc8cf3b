namespace FilterProxy.Filters.AccessLog;

/// <summary>Facilities of syslog (RFC 5424 §6.2.1) that an application may claim; each has its number.</summary>
#pragma warning disable CS1591 // Each member is the facility it is named after.
public enum SyslogFacility
{
    User = 1,
    Daemon = 3,
    Local0 = 16,
    Local1 = 17,
    Local2 = 18,
    Local3 = 19,
    Local4 = 20,
    Local5 = 21,
    Local6 = 22,
    Local7 = 23,
}
#pragma warning restore CS1591
