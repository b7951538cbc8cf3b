namespace FilterProxy.Filters.StaticFiles;

/// <summary>Which symbolic links are followed.</summary>
public enum SymlinkPolicy
{
    /// <summary>Those that lead to somewhere in the root.</summary>
    Inside,

    /// <summary>None: what lies behind one is not there.</summary>
    Never,

    /// <summary>All.</summary>
    Always,
}
