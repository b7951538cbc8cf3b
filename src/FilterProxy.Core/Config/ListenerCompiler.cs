using System.Net;
using System.Net.Security;
using FilterProxy.Core.Config.Addresses;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Security;

namespace FilterProxy.Core.Config;

/// <summary>Makes a listener's plan: its connection filters in order, with TLS where the list says so.</summary>
internal sealed class ListenerCompiler(ComponentFactory factory, BindingPlaces places, ConfigErrors errors)
{
    private const string TlsName = "tls";

    public ListenerPlan Compile(string name, ListenerConfig config)
    {
        var place = $"listeners.{name}.filters";
        var before = new List<IConnectionFilter>();
        var after = new List<IConnectionFilter>();
        TlsOptions? tls = null;
        TlsSelector? selector = null;
        foreach (var component in config.Filters.Where(c => !c.Off))
        {
            if (component.Name == TlsName)
            {
                if (tls is not null)
                {
                    errors.Add(component.Location, "TLS can end only once on a connection");
                }
                else if ((tls = ConfigBinder.BindOptions(typeof(TlsOptions), component.Options, TlsName, component.Location, errors) as TlsOptions) is not null)
                {
                    selector = CompileTls(place, component, tls, config.Protocols);
                }
            }
            else if (factory.Create(typeof(IConnectionFilter), "connection filter", place, component, out var descriptor) is IConnectionFilter filter)
            {
                (tls is null ? before : after).Add(descriptor!.Blocking ? new BlockingConnectionFilter(filter) : filter);
            }
        }

        if (config.Protocols.Contains(ListenerProtocol.Http3))
        {
            errors.Add(places.Locate(config, nameof(config.Protocols)), "this version serves http1 and http2 only");
        }

        return new ListenerPlan
        {
            Name = name,
            Address = ListenAddress.TryParse(config.Address, out var address, out _) ? address : new IPEndPoint(IPAddress.Loopback, 0),

            // A filter may wait for ConnectionClosed without reading; only Kestrel's pump notices the end then.
            Direct = config.Io == ListenerIo.Direct || (config.Io == ListenerIo.Auto && before.Count + after.Count == 0),
            BeforeTls = before,
            Tls = selector,
            HandshakeTimeout = tls?.HandshakeTimeout ?? default,
            AfterTls = after,
            SpeaksHttp1 = config.Protocols.Contains(ListenerProtocol.Http1),
            SpeaksHttp2 = config.Protocols.Contains(ListenerProtocol.Http2),
        };
    }

    private TlsSelector CompileTls(string place, ComponentConfig component, TlsOptions tls, IReadOnlyList<ListenerProtocol> protocols)
    {
        if (tls.Certificates.Count == 0)
        {
            errors.Add(component.Location, "tls needs at least one certificate", "certificates: [{ file: { cert: site.pem, key: site.key } }]");
        }

        var sources = tls.Certificates
            .Select(c => factory.Create(typeof(ICertificateSource), "certificate source", $"{place}.tls", c, out _))
            .OfType<ICertificateSource>()
            .ToList();
        return new TlsSelector(sources, new TlsRules { Protocols = Offered(protocols) });
    }

    // In order of preference.
    private static List<SslApplicationProtocol> Offered(IReadOnlyList<ListenerProtocol> protocols)
    {
        var offered = new List<SslApplicationProtocol>();
        if (protocols.Contains(ListenerProtocol.Http2))
        {
            offered.Add(SslApplicationProtocol.Http2);
        }

        if (protocols.Contains(ListenerProtocol.Http1))
        {
            offered.Add(SslApplicationProtocol.Http11);
        }

        return offered;
    }
}
