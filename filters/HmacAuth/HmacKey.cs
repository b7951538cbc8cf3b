using System.Security.Claims;
using System.Text;

namespace FilterProxy.Filters.HmacAuth;

/// <summary>A secret, and whose it is.</summary>
internal sealed class HmacKey(HmacKeyOptions options)
{
    public string Id => options.Id;

    public byte[] Secret { get; } = Encoding.UTF8.GetBytes(options.Secret);

    public string Owner => options.Owner;

    public byte[] OwnerBytes { get; } = Encoding.UTF8.GetBytes(options.Owner);

    public ClaimsPrincipal User { get; } = new(new ClaimsIdentity(
        [new Claim("sub", options.Owner), new Claim("key_id", options.Id), .. options.Scopes.Select(scope => new Claim("scope", scope))], "hmac", "sub", "roles"));
}
