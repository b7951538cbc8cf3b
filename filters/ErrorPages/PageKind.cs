namespace FilterProxy.Filters.ErrorPages;

/// <summary>The form of an error's body.</summary>
public enum PageKind
{
    /// <summary>A page for people.</summary>
    Html,

    /// <summary>Problem details for programs (RFC 9457).</summary>
    Json,
}
