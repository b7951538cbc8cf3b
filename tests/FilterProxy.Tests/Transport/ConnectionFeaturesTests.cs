using System.Net.Sockets;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections.Features;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class ConnectionFeaturesTests : IDisposable
{
    private readonly OwnSocket _socket = new(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
    private readonly ConnectionFeatures _features;

    public ConnectionFeaturesTests() => _features = new ConnectionFeatures(_socket);

    public void Dispose() => _socket.Socket.Dispose();

    [Fact]
    public void The_socket_is_there_from_the_start_and_can_be_replaced()
    {
        Assert.Same(_socket, _features.Get<IConnectionSocketFeature>());

        var other = new OwnSocket(_socket.Socket);
        _features.Set<IConnectionSocketFeature>(other);
        Assert.Same(other, _features[typeof(IConnectionSocketFeature)]);

        _features.Set<IConnectionSocketFeature>(null);
        Assert.Null(_features.Get<IConnectionSocketFeature>());
        Assert.Empty(_features);
    }

    [Fact]
    public void What_nobody_set_is_null() => Assert.Null(_features.Get<string>());

    [Fact]
    public void Features_are_kept_by_type_whatever_their_number_and_the_last_of_a_type_counts()
    {
        var set = new object[] { "text", new Version(1, 0), new Uri("http://a/"), new List<int>(), new Random(1), new object() };
        foreach (var feature in set)
        {
            _features[feature.GetType()] = feature;
        }

        _features.Set("other");
        set[0] = "other";
        Assert.All(set, feature => Assert.Same(feature, _features[feature.GetType()]));
        Assert.Equal(set.Append(_socket), _features.Select(entry => entry.Value));
    }

    [Fact]
    public void One_that_is_taken_away_leaves_the_others()
    {
        var (first, last) = (new Version(1, 0), new Uri("http://a/"));
        _features.Set(first);
        _features.Set("text");
        _features.Set(last);

        _features.Set<string>(null);
        _features.Set<string>(null);

        Assert.Null(_features.Get<string>());
        Assert.Equal((first, last), (_features.Get<Version>(), _features.Get<Uri>()));
        Assert.Equal(3, _features.Count());
    }

    [Fact]
    public void Every_change_is_a_revision()
    {
        var before = _features.Revision;
        _features.Set("text");
        _ = _features.Get<string>();

        Assert.Equal(before + 1, _features.Revision);
    }

    private sealed record OwnSocket(Socket Socket) : IConnectionSocketFeature;
}
