namespace FilterProxy.Core.Config;

/// <summary>What an exception of a filter does to the exchange.</summary>
internal enum FilterErrorAction
{
    /// <summary>It is answered with 500.</summary>
    Fail,

    /// <summary>It goes on as if the filter were not there.</summary>
    Skip,
}
