using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Config.Addresses;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>admin</c>; that its address is its own is <see cref="ListenerChecks"/>'.</summary>
internal static class AdminChecks
{
    private const int ShortestToken = 16;

    public static void Run(CheckContext context)
    {
        if (context.Config.Admin is not { } admin)
        {
            return;
        }

        CheckToken(context, admin);
        foreach (var (index, host) in admin.AllowedHosts.Index())
        {
            if (host.Length == 0 || host.AsSpan().IndexOfAny("*:/ ") >= 0)
            {
                context.RefuseAt(
                    context.Places.LocateItem(admin, nameof(admin.AllowedHosts), index),
                    $"expected a host name like 'admin.internal', got '{host}'",
                    "without port and without '*': whoever can make a name point here would be let in");
            }
        }

        if (context.IsBound(admin, nameof(admin.Address)) && ListenAddress.TryParse(admin.Address, out var endPoint, out _)
            && !IsLocal(endPoint) && admin.Token is null && context.IsBound(admin, nameof(admin.Token)))
        {
            context.Refuse(
                admin,
                nameof(admin.Address),
                $"an admin listener on {admin.Address}, which other machines reach, needs a token",
                "token: file:/run/secrets/admin, or an address like 127.0.0.1:9901");
        }
    }

    /// <summary>Whether only this machine reaches an address.</summary>
    public static bool IsLocal(EndPoint endPoint) => endPoint switch
    {
        UnixDomainSocketEndPoint => true,
        DnsEndPoint { Host: "localhost" } => true,
        IPEndPoint { Address: var address } => IPAddress.IsLoopback(address),
        _ => false,
    };

    private static void CheckToken(CheckContext context, AdminConfig admin)
    {
        if (admin.Token is not { } token)
        {
            return;
        }

        if (context.Places.NodeOf(admin, nameof(admin.Token)) is ConfigScalar scalar && scalar.Written == scalar.Text)
        {
            context.Refuse(admin, nameof(admin.Token), "the token stands in the configuration", "keep it outside: token: file:/run/secrets/admin, or ${ADMIN_TOKEN}");
        }
        else if (token.Length < ShortestToken || token.Any(c => c is <= ' ' or > '~'))
        {
            context.Refuse(
                admin,
                nameof(admin.Token),
                $"a token has {ShortestToken} or more visible ASCII characters and no space",
                "openssl rand -base64 32 makes one");
        }
    }
}
