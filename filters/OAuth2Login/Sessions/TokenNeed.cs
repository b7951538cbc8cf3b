namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>What a session's tokens need.</summary>
internal enum TokenNeed
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>New ones soon: they still hold.</summary>
    Soon,

    /// <summary>New ones: they hold no longer.</summary>
    Now,

    /// <summary>There can be no new ones, and they hold no longer.</summary>
    Over,
}
