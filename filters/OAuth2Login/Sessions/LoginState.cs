namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>What logins have in this process, apart from any one configuration: it outlives reloads and is shared by filters of the same store.</summary>
internal sealed class LoginState(int max)
{
    /// <summary>What stands in tables whose keys say everything.</summary>
    public static readonly object Present = new();

    private const int MostEnded = 100_000;
    private const int MostSpent = 50_000;

    /// <summary>Sessions that are kept here, by their id.</summary>
    public Generations<Session> Kept { get; } = new(max);

    /// <summary>Cookies that were opened lately, so that most requests decrypt nothing.</summary>
    public Generations<OpenedCookie> Opened { get; } = new(max);

    /// <summary>Refreshes that are under way or were done lately.</summary>
    public Generations<Flight<RefreshOutcome>> Refreshes { get; } = new(max);

    /// <summary>Logins that were come back from, and logout tokens: neither counts twice.</summary>
    public Generations<object> Spent { get; } = new(MostSpent);

    /// <summary>Sessions of the provider that this process has seen. Others are not worth remembering that they have ended: anybody can make them up.</summary>
    public Generations<object> KnownSids { get; } = new(max);

    public EndedLogins Ended { get; } = new(MostEnded);

    /// <summary>The keys where none are configured.</summary>
    public KeyRing Keys { get; } = KeyRing.Random();
}
