namespace FilterProxy.Filters.HelloFilter;

/// <summary>Options of <see cref="HelloFilter"/>.</summary>
public sealed record HelloOptions
{
    /// <summary>What <c>x-hello</c> says.</summary>
    public string Greeting { get; init; } = "world";
}
