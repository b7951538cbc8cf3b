using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Rbac;

/// <summary>A policy, ready to be asked.</summary>
internal sealed class Policy(RbacPolicyOptions options)
{
    private readonly RequestMatch _when = new(options.When);
    private readonly RequestMatch? _unless = options.Unless is { } unless ? new(unless) : null;

    public string Name => options.Name;

    public bool IsShadow => options.Shadow;

    public RbacEffect Effect => options.Effect;

    public bool Fits(HttpExchange exchange, PrincipalFacts user, DateTimeOffset now) =>
        _when.Fits(exchange, user, now) && _unless?.Fits(exchange, user, now) != true;
}
