using System.Security.Claims;
using System.Security.Principal;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>
/// Who shows a token. Most requests are let through and nobody asks for more: the claims are made of the token when somebody does, once, and then
/// belong to all its requests.
/// </summary>
internal sealed class Bearer(JwtClaims claims, TokenUse use) : ClaimsPrincipal
{
    private ClaimsPrincipal? _made;

    public override IEnumerable<Claim> Claims => Made.Claims;

    public override IEnumerable<ClaimsIdentity> Identities => Made.Identities;

    public override IIdentity? Identity => Made.Identity;

    private ClaimsPrincipal Made => Volatile.Read(ref _made) ?? Make();

    public override void AddIdentity(ClaimsIdentity identity) => Made.AddIdentity(identity);

    public override void AddIdentities(IEnumerable<ClaimsIdentity> identities) => Made.AddIdentities(identities);

    public override ClaimsPrincipal Clone() => Made.Clone();

    public override IEnumerable<Claim> FindAll(Predicate<Claim> match) => Made.FindAll(match);

    public override IEnumerable<Claim> FindAll(string type) => Made.FindAll(type);

    public override Claim? FindFirst(Predicate<Claim> match) => Made.FindFirst(match);

    public override Claim? FindFirst(string type) => Made.FindFirst(type);

    public override bool HasClaim(Predicate<Claim> match) => Made.HasClaim(match);

    public override bool HasClaim(string type, string value) => Made.HasClaim(type, value);

    public override bool IsInRole(string role) => Made.IsInRole(role);

    public override void WriteTo(BinaryWriter writer) => Made.WriteTo(writer);

    // Who asks at the same time gets the same one.
    private ClaimsPrincipal Make()
    {
        var made = use.ToUser(claims);
        return Interlocked.CompareExchange(ref _made, made, null) ?? made;
    }
}
