namespace FilterProxy.Filters.StaticFiles;

/// <summary>What becomes of a request for what is not there.</summary>
public enum MissingFile
{
    /// <summary>404.</summary>
    NotFound,

    /// <summary>The route goes on, e.g. to its cluster.</summary>
    Next,
}
