using System.Net;
using FilterProxy.Core.Config.Addresses;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Security;

namespace FilterProxy.Core.Config;

/// <summary>Makes a listener's plan: its connection filters in order, with TLS where the list says so.</summary>
internal sealed class ListenerCompiler(ComponentFactory factory, BindingPlaces places, ProxyServices services, ConfigErrors errors)
{
    private const string TlsName = "tls";

    public ListenerPlan Compile(string name, ListenerConfig config)
    {
        var place = $"listeners.{name}.filters";
        var before = new List<IConnectionFilter>();
        var after = new List<IConnectionFilter>();
        var loggers = new List<(string Name, IConnectionLoggingFilter Filter)>();
        TlsOptions? tls = null;
        TlsSelector? selector = null;
        var tlsCompiler = new TlsCompiler(factory, errors);
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
                    selector = tlsCompiler.Compile(place, component, tls, config.Protocols);
                }
            }
            else if (factory.Create(typeof(IConnectionFilter), "connection filter", place, component, out var descriptor) is IConnectionFilter filter)
            {
                (tls is null ? before : after).Add(
                    new NamedConnectionFilter(descriptor!.Blocking ? new BlockingConnectionFilter(filter) : filter, component.Key, name, services));
                if (filter is IConnectionLoggingFilter logger)
                {
                    loggers.Add((component.Key, logger));
                }
            }
        }

        var source = config.Source is { } written
            ? factory.Create(typeof(IConnectionSource), "connection source", $"listeners.{name}.source", written, out _) as IConnectionSource
            : null;
        if (config.Protocols.Count > 0 && config.Protocols.All(p => p == ListenerProtocol.Http3))
        {
            errors.Add(places.Locate(config, nameof(config.Protocols)), "http3 needs http1 or http2 beside it: clients learn of it there");
        }

        return new ListenerPlan
        {
            Name = name,
            Source = source,
            Address = config.Source is not null ? new SourceEndPoint(name) : ListenAddress.TryParse(config.Address ?? "", out var address, out _) ? address : new IPEndPoint(IPAddress.Loopback, 0),

            // A filter may wait for ConnectionClosed without reading; only Kestrel's pump notices the end then.
            Direct = config.Io == ListenerIo.Direct || (config.Io == ListenerIo.Auto && !before.Concat(after).Any(filter => filter.WaitsWithoutReading)),
            BeforeTls = before,
            Tls = selector,
            HandshakeTimeout = tls?.HandshakeTimeout ?? default,
            MaxHandshakes = tls?.MaxHandshakes ?? 0,
            TlsFiles = tlsCompiler.Files,
            AfterTls = after,
            Loggers = loggers,
            SpeaksHttp1 = config.Source is null && config.Protocols.Contains(ListenerProtocol.Http1),
            WantsHttp3 = config.Protocols.Contains(ListenerProtocol.Http3),
            SpeaksHttp2 = config.Source is not null || config.Protocols.Contains(ListenerProtocol.Http2),
        };
    }
}
