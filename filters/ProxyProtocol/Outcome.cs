namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>What became of a connection's header.</summary>
internal enum Outcome
{
    V1,
    V2,
    Local,
    None,
    UntrustedPassed,
    Untrusted,
    Missing,
    Malformed,
    TooLarge,
    Timeout,
    Closed,
}

/// <summary>What the outcomes mean.</summary>
internal static class Outcomes
{
    private static readonly string[] Names =
        ["v1", "v2", "local", "none", "untrusted_passed", "untrusted", "missing", "malformed", "too_large", "timeout", "closed"];

    public static string NameOf(Outcome outcome) => Names[(int)outcome];

    public static bool IsServed(Outcome outcome) => outcome <= Outcome.UntrustedPassed;
}
