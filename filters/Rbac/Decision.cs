using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.Rbac;

/// <summary>What the policies say of a request.</summary>
/// <param name="IsAllowed">Whether it may pass.</param>
/// <param name="By">The policy that decided; null where none fits.</param>
/// <param name="Otherwise">The shadow policy that would have decided otherwise; null for none.</param>
internal readonly record struct Decision(bool IsAllowed, Policy? By, Policy? Otherwise)
{
    /// <summary>Asks all policies. The first that denies counts, else the first that allows; shadow policies are asked as if they were in force, beside that.</summary>
    public static Decision Of(Policy[] policies, bool allowUnmatched, HttpExchange exchange, DateTimeOffset now)
    {
        Policy? denies = null, allows = null, shadowDenies = null, shadowAllows = null;
        var user = PrincipalFacts.Of(exchange.User);
        foreach (var policy in policies)
        {
            if (policy.Fits(exchange, user, now))
            {
                ref var first = ref (policy.Effect == RbacEffect.Deny ? ref (policy.IsShadow ? ref shadowDenies : ref denies) : ref (policy.IsShadow ? ref shadowAllows : ref allows));
                first ??= policy;
            }
        }

        var isAllowed = denies is null && (allows is not null || allowUnmatched);
        var otherwise = isAllowed ? shadowDenies : denies is null && shadowDenies is null ? shadowAllows : null;
        return new Decision(isAllowed, denies ?? allows, otherwise);
    }
}
