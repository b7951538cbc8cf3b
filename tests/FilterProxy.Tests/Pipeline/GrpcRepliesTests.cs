using System.Text;
using FilterProxy.Core.Pipeline;
using Xunit;

namespace FilterProxy.Tests.Pipeline;

public sealed class GrpcRepliesTests
{
    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("Application/gRPC; charset=x", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grpcx", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public void A_request_is_grpc_by_its_type(string? type, bool expected)
    {
        var headers = new HeaderMap(new HeadBlock());
        if (type is not null)
        {
            headers.Set("content-type", type);
        }

        Assert.Equal(expected, GrpcReplies.IsGrpc(headers));
    }

    [Theory]
    [InlineData(400, 13)]
    [InlineData(401, 16)]
    [InlineData(403, 7)]
    [InlineData(404, 12)]
    [InlineData(429, 14)]
    [InlineData(500, 2)]
    [InlineData(502, 14)]
    [InlineData(503, 14)]
    [InlineData(504, 14)]
    public void A_status_has_its_code(int status, int code) => Assert.Equal(code, GrpcReplies.CodeOf(status));

    [Fact]
    public void The_message_is_percent_encoded()
    {
        var response = new ResponseHead(new HeadBlock());

        GrpcReplies.Write(response, 503, Encoding.UTF8.GetBytes("50% off\u263a\t!\n"));

        Assert.Equal("14", response.Headers["grpc-status"]);
        Assert.Equal("50%25 off%E2%98%BA%09!", response.Headers["grpc-message"]);
        Assert.Equal("application/grpc", response.Headers["content-type"]);
    }
}
