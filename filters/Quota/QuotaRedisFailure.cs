namespace FilterProxy.Filters.Quota;

/// <summary>What holds while redis gives no answer.</summary>
public enum QuotaRedisFailure
{
    /// <summary>What this instance knows to be used, and what it adds; redis is told later.</summary>
    Local,

    /// <summary>Every request is refused.</summary>
    Refuse,
}
