using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Streams;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>How both ends tell each other of services that change.</summary>
public sealed class ServiceNewsTests
{
    [Theory]
    [InlineData("7")]
    [InlineData("7\n+db;type=tcp;port=5432\n-app tunnel_service_taken")]
    public void A_question_is_read_as_it_was_written(string text) => Assert.Equal(text, ServiceNews.WriteQuestion(ServiceNews.ReadQuestion(text)!));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("7\n")]
    [InlineData("7\ndb;type=tcp")]
    [InlineData("7\n+db")]
    [InlineData("7\n-db")]
    [InlineData("7\n-db two words")]
    [InlineData("7\n-\u0001 a")]
    public void What_is_no_question_is_none(string text) => Assert.Null(ServiceNews.ReadQuestion(text));

    [Theory]
    [InlineData("", "no number")]
    [InlineData("x\ndb;type=tcp", "no number")]
    [InlineData("1\ndb;type=udp;weight=0", "unknown, there twice or wrong")]
    [InlineData("1\ndb;type=tcp\ndb;type=http;host=a", "there twice")]
    [InlineData("1\n\n", "no name")]
    public void An_answer_that_cannot_be_read_is_said_to_be_so(string text, string problem)
    {
        Assert.False(ServiceNews.TryReadAnswer(text, out _, out _, out var found));
        Assert.Contains(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public void More_services_than_there_may_be_are_no_answer()
    {
        var services = string.Concat(Enumerable.Range(0, 256).Select(i => $"\ns{i};type=tcp"));

        Assert.True(ServiceNews.TryReadAnswer($"1{services}", out _, out _, out _));
        Assert.False(ServiceNews.TryReadAnswer($"1{services}\nx;type=tcp", out _, out _, out _));
    }

    [Fact]
    public void What_is_offered_has_another_number_only_when_it_is_something_else()
    {
        var offer = new ServiceOffer();
        var (first, _, changed) = offer.Now;
        offer.Set([]);
        Assert.Equal((first, false), (offer.Now.Revision, changed.IsCompleted));

        offer.Set([new TunnelService("db", TunnelServiceType.Tcp)]);
        Assert.Equal((first + 1, true), (offer.Now.Revision, changed.IsCompleted));
        offer.Set([new TunnelService("db", TunnelServiceType.Tcp)]);
        Assert.Equal(first + 1, offer.Now.Revision);
        offer.Set([new TunnelService("db", TunnelServiceType.Tcp) { Port = 1 }]);
        Assert.Equal(first + 2, offer.Now.Revision);
    }
}
