using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Secret;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What an agent says, as the header fields of its request.</summary>
internal static class HelloText
{
    public const int MostServices = 256;

    /// <summary>The fields that say it.</summary>
    public static IEnumerable<(string Name, string Value)> Write(TunnelHello hello)
    {
        yield return (Fields.Node, hello.Identity.Node);
        yield return (Fields.Cluster, hello.Identity.Cluster);
        yield return (Fields.Tenant, hello.Identity.Tenant);
        if (hello.Server is { } server)
        {
            yield return (Fields.Server, server);
        }

        yield return (Fields.Version, hello.Version.ToString(CultureInfo.InvariantCulture));
        yield return (Fields.Capabilities, Names.Of(hello.Capabilities));
        yield return (Fields.Kind, Names.Of(hello.Kind));
        if (hello.SessionId is { } session)
        {
            yield return (Fields.Session, session);
        }

        if (hello.Visit is { } visit)
        {
            yield return (Fields.Visit, visit.ToString());
        }

        if (hello.Labels.Count > 0)
        {
            yield return (Fields.Labels, LabelText.Write(hello.Labels));
        }

        if (hello.Revision > 0)
        {
            yield return (Fields.Revision, hello.Revision.ToString(CultureInfo.InvariantCulture));
        }

        foreach (var service in hello.Services)
        {
            yield return (Fields.Service, ServiceText.Write(service));
        }
    }

    /// <summary>Reads it, identity first, or says why it cannot be taken.</summary>
    public static bool TryRead(HandshakeHead head, [NotNullWhen(true)] out TunnelHello? hello, [NotNullWhen(false)] out HandshakeRefusal? refusal)
    {
        hello = null;
        if (!TryIdentity(head, out var identity, out refusal))
        {
            return false;
        }

        if (!head.TryGetOne(Fields.Server, out var server))
        {
            refusal = Refuse(400, "tunnel_malformed", $"{Fields.Server} is there twice");
            return false;
        }

        hello = new TunnelHello(identity) { Version = 0, Server = server, Capabilities = TunnelCapabilities.Http | TunnelCapabilities.Grpc | TunnelCapabilities.Ws };
        if (!head.TryGetOne(Fields.Version, out var version) || (version is null && head.All.Any(field => field.Name.StartsWith(Fields.OwnPrefix, StringComparison.Ordinal))))
        {
            refusal = Refuse(400, "tunnel_malformed", $"{Fields.Version} is missing, or there twice");
            return false;
        }

        // An agent without a version is another program's, which says nothing more.
        return version is null || TryOwn(head, version, ref hello, out refusal);
    }

    private static bool TryIdentity(HandshakeHead head, [NotNullWhen(true)] out TunnelIdentity? identity, [NotNullWhen(false)] out HandshakeRefusal? refusal)
    {
        (identity, refusal) = (null, null);
        var isOnce = head.TryGetOne(Fields.Node, out var node) & head.TryGetOne(Fields.Cluster, out var cluster) & head.TryGetOne(Fields.Tenant, out var tenant);
        if (!isOnce || node is null || cluster is null || tenant is null)
        {
            refusal = Refuse(400, "tunnel_identity_invalid", "node, cluster and tenant must each be there once");
            return false;
        }

        if (!TunnelIdentity.TryCreate(node, cluster, tenant, out identity, out var problem))
        {
            refusal = Refuse(400, "tunnel_identity_invalid", problem);
            return false;
        }

        refusal = tenant.Length == 0 ? Refuse(400, "tunnel_identity_invalid", "the tenant is empty") : null;
        return refusal is null;
    }

    private static bool TryOwn(HandshakeHead head, string version, ref TunnelHello hello, [NotNullWhen(false)] out HandshakeRefusal? refusal)
    {
        if (version != TunnelHello.CurrentVersion.ToString(CultureInfo.InvariantCulture))
        {
            refusal = Refuse(400, "tunnel_version", $"its version is {TunnelIdentity.Show(version)}, this server's is {TunnelHello.CurrentVersion}");
            return false;
        }

        var isOnce = head.TryGetOne(Fields.Capabilities, out var capabilities) & head.TryGetOne(Fields.Kind, out var kind)
            & head.TryGetOne(Fields.Session, out var session) & head.TryGetOne(Fields.Labels, out var labelText) & head.TryGetOne(Fields.Visit, out var visitText)
            & head.TryGetOne(Fields.Revision, out var revisionText);
        long revision = 0;
        if (!isOnce || capabilities is null || kind is not ("streams" or "work" or "visit") || (session is not null && !SessionId.IsFit(session))
            || (revisionText is not null && !long.TryParse(revisionText, NumberStyles.None, CultureInfo.InvariantCulture, out revision))
            || !LabelText.TryRead(labelText ?? "", out var labels))
        {
            refusal = Refuse(400, "tunnel_malformed", "capabilities, kind, session, labels or revision cannot be read");
            return false;
        }

        TunnelVisit? visit = null;
        if (kind == "visit" ? !TunnelVisit.TryRead(visitText ?? "", out visit) || session is not null || head.Values(Fields.Service).Any() : visitText is not null)
        {
            refusal = Refuse(400, "tunnel_malformed", "what it wants to visit cannot be read, or it is a visitor and an agent at once");
            return false;
        }

        var services = new List<TunnelService>();
        foreach (var text in head.Values(Fields.Service))
        {
            var isService = ServiceText.TryRead(text, out var service, out var problem);
            if (!isService || services.Count >= MostServices || services.Any(known => known.Name == service!.Name))
            {
                refusal = Refuse(400, "tunnel_malformed", isService ? $"there are more than {MostServices} services, or two of one name" : problem);
                return false;
            }

            services.Add(service!);
        }

        hello = hello with
        {
            Version = TunnelHello.CurrentVersion,
            Capabilities = Names.Capabilities(capabilities),
            Kind = kind switch { "work" => TunnelKind.Work, "visit" => TunnelKind.Visit, _ => TunnelKind.Streams },
            Visit = visit,
            SessionId = session,
            Labels = labels,
            Services = services,
            Revision = revision,
        };
        refusal = null;
        return true;
    }
}
