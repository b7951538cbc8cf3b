using Xunit;
using static FilterProxy.Tests.Config.ConfigText;

namespace FilterProxy.Tests.Config.Checks;

public sealed class AdminChecksTests
{
    [Theory]
    [InlineData("{ address: 127.0.0.1:0 }")]
    [InlineData("{ address: 'localhost:9901' }")]
    [InlineData("{ address: '[::1]:9901' }")]
    [InlineData("{ address: 'unix:/run/admin.sock' }")]
    public void What_only_this_machine_reaches_needs_no_token(string admin) => Load($"{Listener}admin: {admin}");

    [Theory]
    [InlineData("0.0.0.0:9901")]
    [InlineData("[::]:9901")]
    [InlineData("10.0.0.1:9901")]
    public void What_other_machines_reach_needs_a_token(string address) => AssertErrors(
        $"{Listener}admin: {{ address: '{address}' }}",
        $"c.yaml:2:19: an admin listener on {address}, which other machines reach, needs a token (token: file:/run/secrets/admin, or an address like 127.0.0.1:9901)");

    [Fact]
    public void A_token_may_not_stand_in_the_configuration() => AssertErrors(
        $"{Listener}admin: {{ address: 127.0.0.1:0, token: 0123456789abcdef }}",
        "c.yaml:2:39: the token stands in the configuration (keep it outside: token: file:/run/secrets/admin, or ${ADMIN_TOKEN})");

    [Fact]
    public void A_token_that_can_be_guessed_is_refused_without_being_shown() => AssertErrors(
        $"{Listener}admin: {{ address: 127.0.0.1:0, token: '${{PORT}}' }}",
        "c.yaml:2:39: a token has 16 or more visible ASCII characters and no space (openssl rand -base64 32 makes one)");

    [Theory]
    [InlineData("a:80")]
    [InlineData("*.internal")]
    [InlineData("")]
    public void An_allowed_host_is_a_name_alone(string host) => AssertErrors(
        $"{Listener}admin: {{ address: 127.0.0.1:0, allowed_hosts: ['{host}'] }}",
        $"c.yaml:2:48: expected a host name like 'admin.internal', got '{host}' (without port and without '*': whoever can make a name point here would be let in)");

    [Fact]
    public void The_address_of_a_listener_cannot_be_the_admin_listeners_as_well() => AssertErrors(
        "listeners: { web: { address: 0.0.0.0:80 } }\nadmin: { address: 127.0.0.1:80 }",
        "c.yaml:2:19: listener 'web' already listens on 0.0.0.0:80, which overlaps with 127.0.0.1:80 (first at c.yaml:1:30)");
}
