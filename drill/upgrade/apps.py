from django.apps import AppConfig


class UpgradeConfig(AppConfig):
    name = "drill.upgrade"
    label = "drill_upgrade"
