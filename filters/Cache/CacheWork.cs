namespace FilterProxy.Filters.Cache;

/// <summary>What the cache has to do about one exchange that goes on to the upstream.</summary>
internal sealed class CacheWork(byte[] key, ForwardReason reason)
{
    /// <summary>The request's key.</summary>
    public byte[] Key { get; } = key;

    /// <summary>Why it was not answered.</summary>
    public ForwardReason Reason { get; set; } = reason;

    /// <summary>When it went on, in milliseconds since 1970.</summary>
    public long Asked { get; init; }

    /// <summary>Whether the answer may be kept.</summary>
    public bool MayKeep { get; init; }

    /// <summary>Whether the answer, if it is no error, makes what is kept invalid.</summary>
    public bool Invalidates { get; init; }

    /// <summary>The place of <see cref="Stale"/>, which may be empty by now.</summary>
    public Resource.Slot? Place { get; init; }

    /// <summary>What is kept and may be made fresh, or serve if the upstream fails; null for nothing.</summary>
    public StoredResponse? Stale { get; init; }

    /// <summary>Whether the upstream is asked if <see cref="Stale"/> still holds.</summary>
    public bool Validates { get; init; }

    /// <summary>The fetch others wait for; null where nobody does.</summary>
    public Flights.Flight? Flight { get; set; }

    /// <summary>Whether it waited for another's fetch.</summary>
    public bool Collapsed { get; init; }

    /// <summary>The request as it went to the upstream.</summary>
    public OriginRequest? Origin { get; set; }

    /// <summary>The answer's head, while its body is recorded.</summary>
    public StoredResponse? Head { get; set; }

    /// <summary>The body as far as it came; null where none is recorded.</summary>
    public Recording? Body { get; set; }

    /// <summary>Keeps nothing any more, and lets those go on who wait.</summary>
    public void GiveUp()
    {
        Head = null;
        Body = null;
        Flight?.Land();
    }
}
