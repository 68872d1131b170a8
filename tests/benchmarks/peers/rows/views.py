"""The endpoint of the baseline: open to anybody, which spares it our authentication."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .models import RowEvent


class RowSerializer(serializers.ModelSerializer[RowEvent]):
    # The unique id is left to the database: a query for each event would be unfair.
    id = serializers.CharField(max_length=100)

    class Meta:
        model = RowEvent
        fields = "__all__"


class RowsView(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        events = RowSerializer(data=request.data, many=True)
        events.is_valid(raise_exception=True)
        rows = [RowEvent(**event) for event in events.validated_data]
        RowEvent.objects.bulk_create(rows, ignore_conflicts=True)
        return Response({"accepted": len(rows)}, 202)
